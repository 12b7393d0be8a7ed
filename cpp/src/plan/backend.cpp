#include "plan/backend.h"

#include <algorithm>
#include <mutex>

#include "base/sizes.h"
#include "base/text.h"

namespace octavo {
namespace {

std::mutex registration;
std::shared_ptr<const octavo_backend>& registered() {
    static std::shared_ptr<const octavo_backend> table;
    return table;
}

octavo_value_desc c_description(const Value& value) {
    octavo_value_desc desc{};
    desc.size = sizeof desc;
    desc.name = value.name.c_str();
    desc.dtype = value.dtype;
    desc.role = value.role;
    desc.layout = value.layout;
    desc.batched = value.batched ? 1 : 0;
    desc.rank = static_cast<int64_t>(value.dims.size());
    desc.dims = value.dims.data();
    desc.axis = value.axis;
    desc.group_size = value.group_size;
    desc.param_count = static_cast<int64_t>(value.scales.size());
    desc.scales = value.scales.empty() ? nullptr : value.scales.data();
    desc.zero_points = value.zero_points.empty() ? nullptr : value.zero_points.data();
    desc.code_min = value.code_min;
    desc.code_max = value.code_max;
    desc.table_size = value.table_size;
    desc.table = value.table.empty() ? nullptr : value.table.data();
    desc.data = value.data.empty() ? nullptr : value.data.data();
    return desc;
}

// The values' descriptions and the array of pointers to them that the table's create takes.
struct Descriptions {
    Descriptions(const std::vector<const Value*>& values, bool shared)
        : descs(values.size()), identities(values.size()) {
        for (size_t i = 0; i < values.size(); ++i) {
            if (values[i] != nullptr) descs[i] = c_description(*values[i]);
            if (shared && values[i] != nullptr && values[i]->role == OCTAVO_CONSTANT) {
                identities[i] = values[i]->data.digest();
                descs[i].identity = identities[i].data();
            }
            pointers.push_back(values[i] != nullptr ? &descs[i] : nullptr);
        }
    }
    std::vector<octavo_value_desc> descs;
    std::vector<Digest> identities;
    std::vector<const octavo_value_desc*> pointers;
};

// Multiply-adds a sample: elements of the side that has the output channels, times the weights of one of them. A weight gradient
// is the same products, summed over the positions instead.
int64_t count_macs(const OpDesc& desc) {
    const auto wanted = [](const std::vector<const Value*>& values, size_t i) {
        return i < values.size() && values[i] != nullptr ? values[i] : nullptr;
    };
    const Value *positions = nullptr, *weights = nullptr;
    switch (desc.attributes.kind) {
        case OCTAVO_OP_CONV2D:
        case OCTAVO_OP_LINEAR:
        case OCTAVO_OP_LINEAR_DYNAMIC:
            positions = wanted(desc.outputs, 0), weights = wanted(desc.inputs, 1);
            break;
        case OCTAVO_OP_CONV_TRANSPOSE2D:
        case OCTAVO_OP_CONV2D_GRAD_INPUT:
        case OCTAVO_OP_LINEAR_GRAD_INPUT:
            positions = wanted(desc.inputs, 0), weights = wanted(desc.inputs, 1);
            break;
        case OCTAVO_OP_CONV2D_GRAD_WEIGHT:
        case OCTAVO_OP_LINEAR_GRAD_WEIGHT:
            positions = wanted(desc.inputs, 1), weights = wanted(desc.outputs, 0);
            break;
        default:
            break;
    }
    if (positions == nullptr || weights == nullptr || weights->dims.empty()) return 0;
    return checked_multiply(positions->elements(), weights->elements() / weights->dims[0]);
}

}  // namespace

void register_backend(const octavo_backend& backend) {
    if (backend.name == nullptr || backend.create == nullptr || backend.scratch_bytes == nullptr ||
        backend.run == nullptr || backend.destroy == nullptr || backend.weight_bytes == nullptr) {
        throw Error(OCTAVO_INVALID_ARGUMENT, "back end table: the name or a function is null");
    }
    auto copy = std::make_shared<const octavo_backend>(backend);
    std::lock_guard<std::mutex> lock(registration);
    registered() = std::move(copy);
}

std::shared_ptr<const octavo_backend> registered_backend() {
    std::lock_guard<std::mutex> lock(registration);
    return registered();
}

BackendOp::BackendOp(std::shared_ptr<const octavo_backend> backend, const OpDesc& desc, const Signature& signature)
    : backend_(std::move(backend)), name_(desc.name), couples_(signature.couples), macs_(count_macs(desc)) {
    const bool shared = desc.weights != nullptr;
    const Descriptions inputs(desc.inputs, shared), outputs(desc.outputs, shared);
    const AttributeEntries attributes(desc.attributes);
    octavo_op_desc operation{};
    operation.size = sizeof operation;
    operation.name = desc.name.c_str();
    operation.kind = desc.attributes.kind;
    operation.backend = desc.attributes.backend;
    operation.input_count = static_cast<int64_t>(desc.inputs.size());
    operation.output_count = static_cast<int64_t>(desc.outputs.size());
    operation.attribute_count = static_cast<int64_t>(attributes.entries().size());
    operation.attributes = attributes.entries().data();
    const char* kernel = nullptr;
    char reason[1024] = "";
    const octavo_status status = backend_->create(&operation, inputs.pointers.data(), outputs.pointers.data(), &op_,
                                                  &kernel, reason, sizeof reason);
    reason[sizeof reason - 1] = '\0';
    if (status != OCTAVO_OK) throw Refusal(reason[0] != '\0' ? reason : text("refused with status ", status));
    kernel_ = kernel != nullptr ? kernel : backend_->name;
    reason_ = reason;
}

BackendOp::~BackendOp() { backend_->destroy(op_); }

octavo_status BackendOp::try_run(const RunArgs& args, char* message, size_t message_bytes) const noexcept {
    return backend_->run(op_, args.batch, args.threads, args.inputs, args.outputs, args.scratch, message,
                         message_bytes);
}

void BackendOp::run(const RunArgs& args) const noexcept {
    char message[1] = "";
    try_run(args, message, sizeof message);
}

size_t BackendOp::scratch_bytes(int64_t batch, int threads) const {
    char message[512] = "";
    int64_t bytes = 0;
    octavo_status status = backend_->scratch_bytes(op_, batch, threads, &bytes, message, sizeof message);
    message[sizeof message - 1] = '\0';
    if (status == OCTAVO_OK && bytes < 0) status = OCTAVO_INTERNAL;
    if (status != OCTAVO_OK) throw Error(status, text("operator \"", name_, "\": ", message));
    return static_cast<size_t>(bytes);
}

int64_t BackendOp::weight_bytes() const { return backend_->weight_bytes(op_); }

}  // namespace octavo
