// Values, descriptions and single runs of operators, in few words.
#ifndef OCTAVO_TESTS_SUPPORT_VALUES_H
#define OCTAVO_TESTS_SUPPORT_VALUES_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops/op.h"
#include "support/guarded_buffer.h"

namespace octavo::test {

// A quantized activation, per tensor. dims with the batch first (1 here), NHWC if there are four.
inline Value activation(octavo_dtype dtype, std::vector<int64_t> dims, float scale, int zero_point) {
    Value v;
    v.name = "x";
    v.dtype = dtype;
    v.layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    v.dims = std::move(dims);
    v.dims[0] = 1;
    v.scales = {scale};
    v.zero_points = {zero_point};
    v.code_min = dtype == OCTAVO_S8 ? -128 : 0;
    v.code_max = dtype == OCTAVO_S8 ? 127 : 255;
    return v;
}

inline Value float_value(std::vector<int64_t> dims) {
    Value v;
    v.name = "f";
    v.dtype = OCTAVO_F32;
    v.dims = std::move(dims);
    v.dims[0] = 1;
    return v;
}

template <class T>
Value constant(octavo_dtype dtype, std::vector<int64_t> dims, const std::vector<T>& data) {
    Value v;
    v.name = "constant";
    v.dtype = dtype;
    v.role = OCTAVO_CONSTANT;
    v.batched = false;
    v.dims = std::move(dims);
    const auto* bytes = reinterpret_cast<const std::byte*>(data.data());
    v.data = std::vector<std::byte>(bytes, bytes + data.size() * sizeof(T));
    return v;
}

// Replaces a constant's bytes by what `change` makes of each.
template <class Change>
void change_data(Value& v, const Change& change) {
    std::vector<std::byte> bytes(v.data.begin(), v.data.end());
    for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<std::byte>(change(i, bytes[i]));
    v.data = std::move(bytes);
}

// A convolution's window is its weights'.
inline void set_kernel(OpDesc& desc) {
    for (size_t i = 0; i < 2; i++) desc.attributes.kernel[i] = static_cast<int>(desc.inputs[1]->dims[2 + i]);
}

inline OpDesc operator_desc(octavo_op_kind kind, std::vector<const Value*> inputs, const Value& output, Isa isa) {
    OpDesc desc;
    desc.name = "under test";
    desc.attributes = {};
    desc.attributes.kind = kind;
    for (int i = 0; i < 2; i++) desc.attributes.kernel[i] = desc.attributes.stride[i] = desc.attributes.dilation[i] = 1;
    desc.attributes.groups = 1;
    desc.inputs = std::move(inputs);
    desc.outputs = {&output};
    desc.isa = isa;
    if (kind == OCTAVO_OP_CONV2D && desc.inputs.size() > 1) set_kernel(desc);
    return desc;
}

// One run into a buffer that ends (or begins) at a guard page, filled with a pattern before. Scratch is exactly as large as asked.
template <class T>
std::vector<T> run_op(const Op& op, int64_t batch, int threads, const std::vector<const void*>& inputs, size_t results,
                      Guard guard = Guard::after) {
    GuardedBuffer<T> y(results, guard);
    std::memset(y.data(), 0xA5, results * sizeof(T));
    const size_t bytes = (op.scratch_bytes(batch, threads) + 63) / 64 * 64;
    GuardedBuffer<std::byte> scratch(bytes, Guard::after);
    std::memset(scratch.data(), 0x5A, bytes);
    void* outputs[] = {y.data()};
    RunArgs args = {batch, inputs.data(), outputs, scratch.data(), threads};
    op.run(args);
    return y.copy();
}

// NCHW to NHWC and back.
template <class T>
std::vector<T> to_nhwc(const std::vector<T>& x, const std::vector<int64_t>& dims) {
    std::vector<T> y(x.size());
    const int64_t c = dims[1], hw = dims[2] * dims[3];
    for (int64_t n = 0; n < dims[0]; n++) {
        for (int64_t i = 0; i < c; i++) {
            for (int64_t p = 0; p < hw; p++)
                y[static_cast<size_t>((n * hw + p) * c + i)] = x[static_cast<size_t>((n * c + i) * hw + p)];
        }
    }
    return y;
}

}  // namespace octavo::test

#endif
