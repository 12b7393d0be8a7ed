// Random quantized networks, and their results operator by operator: each in a plan of its own, the whole batch at a time, on the
// scalar kernels, so that nothing of fusion, arena, chunks or threads takes part in what is expected. (A sample at a time would
// not do: like PyTorch's, the sum of two tensors rounds its last elements, of the whole batch, in another order.)
#ifndef OCTAVO_TESTS_SUPPORT_RANDOM_GRAPH_H
#define OCTAVO_TESTS_SUPPORT_RANDOM_GRAPH_H

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/guarded_buffer.h"
#include "support/network.h"
#include "support/sweep.h"

namespace octavo::test {

class RandomGraph {
public:
    struct Tensor {
        octavo_dtype dtype = OCTAVO_U8;
        octavo_role role = OCTAVO_TEMP;
        octavo_layout layout = OCTAVO_NHWC;
        std::vector<int64_t> dims;  // of one sample, with the 1 in front
        float scale = 0;
        int32_t zero_point = 0;
        std::vector<uint8_t> data;          // constants
        std::vector<float> channel_scales;  // weights

        int64_t elements() const {
            int64_t n = 1;
            for (int64_t d : dims) n *= d;
            return n;
        }
        size_t bytes() const { return static_cast<size_t>(elements()) * (dtype == OCTAVO_F32 ? 4 : 1); }
    };

    RandomGraph(Random* random, int operators) : random_(*random) {
        Tensor x = activation({1, random_.integer(1, 9), random_.integer(1, 9), random_.integer(1, 9)});
        x.role = OCTAVO_INPUT;
        open_.push_back(add(x));
        while (static_cast<int>(ops_.size()) < operators) grow();
        // Something must come out, and the last result is as good as any.
        tensors_[ops_.back().outputs[0]].role = OCTAVO_OUTPUT;
    }

    const std::vector<Tensor>& tensors() const { return tensors_; }
    const std::vector<OpSpec>& ops() const { return ops_; }
    size_t input_bytes() const { return tensors_[0].bytes(); }
    std::vector<int> outputs() const {
        std::vector<int> found;
        for (size_t v = 0; v < tensors_.size(); v++) {
            if (tensors_[v].role == OCTAVO_OUTPUT) found.push_back(static_cast<int>(v));
        }
        return found;
    }

    PlanHandle build(const Options& options) const {
        Network network;
        for (const Tensor& tensor : tensors_) add_to(&network, tensor);
        for (const OpSpec& op : ops_) network.op(op);
        return network.build(options);
    }

    // Results of every value for a batch.
    std::vector<std::vector<uint8_t>> evaluate(const std::vector<uint8_t>& samples, int64_t batch) const {
        std::vector<std::vector<uint8_t>> results(tensors_.size());
        results[0] = samples;
        for (const OpSpec& op : ops_) {
            Network network;
            OpSpec alone = op;
            std::vector<const void*> inputs;
            for (int i = 0; i < op.input_count; i++) {
                Tensor tensor = tensors_[op.inputs[i]];
                if (tensor.role != OCTAVO_CONSTANT) {
                    tensor.role = OCTAVO_INPUT;
                    inputs.push_back(results[op.inputs[i]].data());
                }
                alone.inputs[i] = add_to(&network, tensor);
            }
            Tensor result = tensors_[op.outputs[0]];
            result.role = OCTAVO_OUTPUT;
            alone.outputs[0] = add_to(&network, result);
            network.op(alone);
            Options options{};
            options.isa = "scalar";
            options.threads = 1;
            options.chunk = static_cast<int32_t>(batch);
            const PlanHandle plan = network.build(options);
            std::vector<uint8_t>& out = results[op.outputs[0]];
            out.resize(static_cast<size_t>(batch) * result.bytes());
            void* outputs[] = {out.data()};
            EXPECT_EQ(run_plan(plan.get(), batch, inputs.data(), outputs), OCTAVO_OK) << octavo_last_error();
        }
        return results;
    }

private:
    int add(const Tensor& tensor) {
        tensors_.push_back(tensor);
        return static_cast<int>(tensors_.size()) - 1;
    }

    Tensor activation(std::vector<int64_t> dims) {
        Tensor tensor;
        tensor.dims = std::move(dims);
        tensor.role = random_.chance(0.2) ? OCTAVO_OUTPUT : OCTAVO_TEMP;
        tensor.scale = random_.real(0.01f, 0.1f);
        tensor.zero_point = random_.zero_point(0, 255);
        return tensor;
    }

    Tensor like(const Tensor& other) {
        Tensor tensor = other;
        tensor.role = random_.chance(0.2) ? OCTAVO_OUTPUT : OCTAVO_TEMP;
        return tensor;
    }

    int weights(std::vector<int64_t> dims) {
        Tensor tensor;
        tensor.dtype = OCTAVO_S8;
        tensor.role = OCTAVO_CONSTANT;
        tensor.layout = OCTAVO_PLAIN;
        tensor.dims = std::move(dims);
        const std::vector<int8_t> values =
            random_.codes<int8_t>(static_cast<size_t>(tensor.elements()), -128, 127, false);
        tensor.data.assign(values.begin(), values.end());
        for (int64_t i = 0; i < tensor.dims[0]; i++) tensor.channel_scales.push_back(random_.real(0.001f, 0.02f));
        return add(tensor);
    }

    void connect(OpSpec op, std::initializer_list<int32_t> inputs, const Tensor& result) {
        op.input_count = 0;
        for (int32_t input : inputs) op.inputs[op.input_count++] = input;
        op.output_count = 1;
        op.outputs[0] = add(result);
        ops_.push_back(op);
        open_.push_back(op.outputs[0]);
    }

    void grow() {
        // Recent values more often, old ones sometimes: long lifetimes beside short ones.
        const int x = random_.chance(0.7) ? open_.back() : random_.pick(open_);
        const Tensor& from = tensors_[x];
        if (from.dtype == OCTAVO_F32) return;
        OpSpec op = describe_op(OCTAVO_OP_CLAMP, {}, {});
        if (from.dims.size() == 2) {
            if (random_.chance(0.2)) {
                Tensor result = like(from);
                result.dtype = OCTAVO_F32;
                op.kind = OCTAVO_OP_DEQUANTIZE;
                return connect(op, {x}, result);
            }
            op.kind = OCTAVO_OP_LINEAR;
            op.activation = random_.chance(0.5) ? OCTAVO_RELU : OCTAVO_NO_ACTIVATION;
            Tensor result = activation({1, random_.integer(1, 40)});
            result.layout = OCTAVO_PLAIN;
            const int w = weights({result.dims[1], from.dims[1]});
            return connect(op, {x, w}, result);
        }
        switch (random_.integer(0, 7)) {
            case 0: {
                op.activation = OCTAVO_RELU;
                return connect(op, {x}, like(from));
            }
            case 1: {
                std::vector<int> others;
                for (int v : open_) {
                    const Tensor& t = tensors_[v];
                    if (t.dims == from.dims && t.layout == from.layout && t.dtype == from.dtype) others.push_back(v);
                }
                op.kind = OCTAVO_OP_ADD;
                op.activation = random_.chance(0.5) ? OCTAVO_RELU : OCTAVO_NO_ACTIVATION;
                Tensor result = activation(from.dims);
                result.layout = from.layout;
                return connect(op, {x, random_.pick(others)}, result);
            }
            case 2: {
                op.kind = OCTAVO_OP_REQUANTIZE;
                Tensor result = activation(from.dims);
                result.layout = from.layout;
                return connect(op, {x}, result);
            }
            case 3: {
                op.kind = OCTAVO_OP_REORDER;
                Tensor result = like(from);
                result.layout = from.layout == OCTAVO_NHWC ? OCTAVO_PLAIN : OCTAVO_NHWC;
                return connect(op, {x}, result);
            }
            case 4: {
                if (from.layout != OCTAVO_NHWC) return;
                op.kind = OCTAVO_OP_MAX_POOL2D;
                Tensor result = like(from);
                for (int i = 0; i < 2; i++) {
                    op.kernel[i] = static_cast<int32_t>(std::min<int64_t>(2, from.dims[2 + i]));
                    op.stride[i] = op.kernel[i];
                    result.dims[2 + i] = from.dims[2 + i] / op.kernel[i];
                }
                return connect(op, {x}, result);
            }
            case 5:
            case 6: {
                if (from.layout != OCTAVO_NHWC) return;
                op.kind = OCTAVO_OP_CONV2D;
                const int kernel = random_.chance(0.5) ? 1 : 3;
                for (int i = 0; i < 2; i++) op.kernel[i] = kernel;
                for (int i = 0; i < 4; i++) op.pad[i] = kernel / 2;
                op.activation = random_.chance(0.5) ? OCTAVO_RELU : OCTAVO_NO_ACTIVATION;
                Tensor result = activation(from.dims);
                result.dims[1] = random_.integer(1, 20);
                const int w = weights({result.dims[1], from.dims[1], kernel, kernel});
                return connect(op, {x, w}, result);
            }
            default: {
                if (random_.chance(0.5)) return;
                op.kind = OCTAVO_OP_FLATTEN;
                Tensor result = like(from);
                result.layout = OCTAVO_PLAIN;
                result.dims = {1, from.elements()};
                return connect(op, {x}, result);
            }
        }
    }

    static int32_t add_to(Network* network, const Tensor& tensor) {
        if (tensor.role == OCTAVO_CONSTANT) {
            std::vector<int8_t> values(tensor.data.begin(), tensor.data.end());
            return network->weights(values, tensor.dims, tensor.channel_scales);
        }
        if (tensor.dtype == OCTAVO_F32) return network->floats(tensor.role, tensor.dims, tensor.layout);
        return network->quantized(tensor.dtype, tensor.role, tensor.dims, tensor.scale, tensor.zero_point,
                                  tensor.layout);
    }

    Random& random_;
    std::vector<Tensor> tensors_;
    std::vector<OpSpec> ops_;
    std::vector<int> open_;  // values that later operators may read
};

}  // namespace octavo::test

#endif
