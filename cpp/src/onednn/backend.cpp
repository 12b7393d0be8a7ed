#include "onednn/backend.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "onednn/operator.h"
#include "onednn/primitive.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

void say(char* to, size_t bytes, const char* text) {
    if (!to || bytes == 0) return;
    std::strncpy(to, text, bytes - 1);
    to[bytes - 1] = '\0';
}

// Runs `body`, whose exceptions become a status and a sentence.
template <class Body>
octavo_status guarded(char* message, size_t bytes, const Body& body) noexcept {
    try {
        const OneThread one;
        body();
        return OCTAVO_OK;
    } catch (const Error& e) {
        say(message, bytes, e.what());
        return e.status();
    } catch (const dnnl::error& e) {
        say(message, bytes, (std::string("oneDNN: ") + e.what()).c_str());
        if (e.status == dnnl_unimplemented) return OCTAVO_UNSUPPORTED;
        return e.status == dnnl_out_of_memory ? OCTAVO_OUT_OF_MEMORY : OCTAVO_INTERNAL;
    } catch (const std::bad_alloc&) {
        say(message, bytes, "out of memory");
        return OCTAVO_OUT_OF_MEMORY;
    } catch (const std::exception& e) {
        say(message, bytes, e.what());
        return OCTAVO_INTERNAL;
    }
}

bool has_integer(const Request& request) {
    return (request.has_input(0) && request.input(0).dtype != OCTAVO_F32) ||
           (request.has_input(1) && request.input(1).dtype != OCTAVO_F32);
}

std::unique_ptr<Operator> create_operator(const Request& request) {
    switch (request.attributes().kind) {
        case OCTAVO_OP_CONV2D:
            return has_integer(request) ? create_int8(request) : create_conv2d(request);
        case OCTAVO_OP_LINEAR:
            return has_integer(request) ? create_int8(request) : create_linear(request);
        case OCTAVO_OP_CONV_TRANSPOSE2D:
            return create_conv_transpose2d(request);
        case OCTAVO_OP_CONV2D_GRAD_INPUT:
            return create_conv2d_grad_input(request);
        case OCTAVO_OP_CONV2D_GRAD_WEIGHT:
            return create_conv2d_grad_weight(request);
        case OCTAVO_OP_LINEAR_GRAD_INPUT:
            return create_linear_grad_input(request);
        case OCTAVO_OP_LINEAR_GRAD_WEIGHT:
            return create_linear_grad_weight(request);
        case OCTAVO_OP_BATCH_NORM:
        case OCTAVO_OP_BATCH_NORM_TRAIN:
        case OCTAVO_OP_BATCH_NORM_GRAD:
            return create_batch_norm(request);
        case OCTAVO_OP_MAX_POOL2D_TRAIN:
        case OCTAVO_OP_MAX_POOL2D_GRAD:
        case OCTAVO_OP_AVG_POOL2D_GRAD:
        case OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD:
            return create_pooling(request);
        case OCTAVO_OP_CLAMP_GRAD:
        case OCTAVO_OP_FLATTEN_GRAD:
        case OCTAVO_OP_DROPOUT_TRAIN:
        case OCTAVO_OP_DROPOUT_GRAD:
            return create_pointwise(request);
        case OCTAVO_OP_SOFTMAX_GRAD:
        case OCTAVO_OP_CROSS_ENTROPY:
            return create_loss(request);
        case OCTAVO_OP_SGD_STEP:
        case OCTAVO_OP_ADAM_STEP:
            return create_optimizer(request);
        default:
            request.refuse("operator kind " + std::to_string(request.attributes().kind) +
                           " is not one of this back end");
    }
}

// What a handle of the table points to: an operator, and the constants that its runs read as they are.
class Instance {
public:
    explicit Instance(const Request& request) : op_(create_operator(request)), inputs_(request.input_count()) {
        for (int i = 0; i < inputs_; ++i) {
            if (!request.has_input(i) || request.taken(i) || !request.input(i).constant) continue;
            const Operand value = request.input(i);
            const bool words = value.dtype == OCTAVO_F32 || value.dtype == OCTAVO_S32;
            auto data = std::make_unique<Buffer>(static_cast<size_t>(value.elements()) * (words ? 4 : 1));
            std::memcpy(data->data(), request.take_constant(i), data->bytes());
            constants_.emplace_back(i, std::move(data));
        }
    }

    const char* kernel() const { return op_->kernel(); }
    const char* reason() const { return op_->reason(); }
    size_t scratch_bytes(int64_t batch, int threads) { return operand_bytes() + op_->scratch_bytes(batch, threads); }
    int64_t weight_bytes() const {
        int64_t bytes = op_->weight_bytes();
        for (const auto& constant : constants_) bytes += static_cast<int64_t>(constant.second->bytes());
        return bytes;
    }
    void run(Run run) {
        if (!constants_.empty()) {
            const auto inputs = reinterpret_cast<const void**>(run.scratch);
            std::copy_n(run.inputs, inputs_, inputs);
            for (const auto& [input, data] : constants_) inputs[input] = data->data();
            run.inputs = inputs;
            run.scratch += operand_bytes();
        }
        op_->run(run);
    }

private:
    // At the front of the scratch memory: the inputs' addresses, those of constants filled in.
    size_t operand_bytes() const {
        return constants_.empty() ? 0 : whole_lines(static_cast<size_t>(inputs_) * sizeof(void*));
    }

    std::unique_ptr<Operator> op_;
    int inputs_;
    std::vector<std::pair<int, std::unique_ptr<Buffer>>> constants_;
};

octavo_status create(const octavo_op_desc* desc, const octavo_value_desc* const* inputs,
                     const octavo_value_desc* const* outputs, void** op, const char** kernel, char* reason,
                     size_t reason_bytes) {
    return guarded(reason, reason_bytes, [&] {
        if (!desc || !op)
            throw Error(OCTAVO_INVALID_ARGUMENT, "the description and the place of the operator must not be null");
        std::unique_ptr<Instance> made;
        try {
            made = std::make_unique<Instance>(Request(*desc, inputs, outputs));
        } catch (const dnnl::error& e) {
            // At description, what oneDNN does not take is a refusal, however it puts it.
            if (e.status == dnnl_out_of_memory) throw;
            throw Refusal(std::string("oneDNN has no implementation (") + e.what() + ")");
        }
        if (kernel) *kernel = made->kernel();
        say(reason, reason_bytes, made->reason());
        *op = made.release();
    });
}

octavo_status scratch_bytes(void* op, int64_t batch, int32_t threads, int64_t* bytes, char* message,
                            size_t message_bytes) {
    return guarded(message, message_bytes,
                   [&] { *bytes = static_cast<int64_t>(static_cast<Instance*>(op)->scratch_bytes(batch, threads)); });
}

octavo_status run(void* op, int64_t batch, int32_t threads, const void* const* inputs, void* const* outputs,
                  void* scratch, char* message, size_t message_bytes) {
    return guarded(message, message_bytes, [&] {
        static_cast<Instance*>(op)->run({batch, threads, inputs, outputs, static_cast<std::byte*>(scratch)});
    });
}

void destroy(void* op) { delete static_cast<Instance*>(op); }

int64_t weight_bytes(void* op) { return static_cast<Instance*>(op)->weight_bytes(); }

}  // namespace

const octavo_backend& backend() {
    static const octavo_backend table = {
        sizeof(octavo_backend), "onednn", create, scratch_bytes, run, destroy, weight_bytes};
    return table;
}

}  // namespace octavo::onednn
