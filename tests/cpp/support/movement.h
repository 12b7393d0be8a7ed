// Operators that move elements, against a function that says where each element of a result comes from.
#ifndef OCTAVO_TESTS_SUPPORT_MOVEMENT_H
#define OCTAVO_TESTS_SUPPORT_MOVEMENT_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "ops/op.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/guarded_buffer.h"
#include "support/sweep.h"

namespace octavo::test {

using Index = std::vector<int64_t>;

// Where an element comes from: of which input, at which logical index; input -1: `filler`.
struct Source {
    int input = 0;
    Index index;
};

// A value of one of the types that can be moved. dims with a batch of 1 first, if batched.
inline Value moved(octavo_dtype dtype, Index dims, bool batched, octavo_layout layout = OCTAVO_PLAIN) {
    Value v;
    v.name = "v";
    v.dtype = dtype;
    v.dims = std::move(dims);
    v.batched = batched;
    v.layout = layout;
    if (dtype == OCTAVO_U8 || dtype == OCTAVO_S8) {
        v.scales = {0.5f};
        v.zero_points = {dtype == OCTAVO_U8 ? 128 : -3};
        v.code_min = dtype == OCTAVO_U8 ? 0 : -128;
        v.code_max = dtype == OCTAVO_U8 ? 255 : 127;
    }
    return v;
}

// The shape with the samples of a run in front.
inline Index run_dims(const Value& v, int64_t batch) {
    Index dims = v.dims;
    if (v.batched) dims[0] = batch;
    return dims;
}

// Elements in front of one in memory.
inline size_t place_of(const Index& index, const Index& dims, octavo_layout layout) {
    const std::vector<size_t> order =
        layout == OCTAVO_NHWC ? std::vector<size_t>{0, 2, 3, 1} : std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7};
    size_t place = 0;
    for (size_t i = 0; i < dims.size(); i++)
        place = place * static_cast<size_t>(dims[order[i]]) + static_cast<size_t>(index[order[i]]);
    return place;
}

// Calls body(index) for each index of a shape.
template <class Body>
void each_index(const Index& dims, const Body& body) {
    Index index(dims.size(), 0);
    for (;;) {
        body(index);
        size_t i = dims.size();
        while (i > 0 && ++index[i - 1] == dims[i - 1]) index[--i] = 0;
        if (i == 0) return;
    }
}

inline int64_t product(const Index& dims) {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
}

using Bytes = std::vector<unsigned char>;

inline Bytes random_bytes(Random& random, size_t count) {
    Bytes bytes(count);
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.integer(0, 255));
    return bytes;
}

// Makes a constant of a value.
inline void set_data(Value* value, const Bytes& bytes) {
    value->role = OCTAVO_CONSTANT;
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    value->data = std::vector<std::byte>(first, first + bytes.size());
}

// An operator and what its results must be.
struct MovementCase {
    explicit MovementCase(octavo_op_kind kind) : kind(kind) {}

    octavo_op_kind kind;
    Attributes attributes;
    std::vector<Value> inputs, outputs;
    std::function<Source(int, const Index&)> source;  // of an output's element
    Bytes filler = Bytes(8, 0);
    std::vector<Bytes> given;  // elements of inputs that are not random; empty: they are
};

// Random elements for the inputs; constants are part of them. Then the definition and each instruction set.
inline void check_movement(Random& random, MovementCase& test, int64_t batch, Coverage& coverage) {
    std::vector<Bytes> data;
    for (size_t i = 0; i < test.inputs.size(); i++) {
        Value& x = test.inputs[i];
        if (i < test.given.size() && !test.given[i].empty()) {
            data.push_back(test.given[i]);
            continue;
        }
        const size_t bytes = static_cast<size_t>(product(run_dims(x, batch))) * x.element_bytes();
        if (x.role != OCTAVO_CONSTANT) {
            data.push_back(random_bytes(random, bytes));
        } else {
            if (x.data.empty()) {
                const Bytes made = random_bytes(random, bytes);
                set_data(&x, made);
            }
            Bytes copied(bytes);
            std::memcpy(copied.data(), x.data.data(), bytes);
            data.push_back(copied);
        }
    }
    std::vector<Bytes> expected;
    for (size_t o = 0; o < test.outputs.size(); o++) {
        const Value& y = test.outputs[o];
        const Index dims = run_dims(y, batch);
        const size_t size = y.element_bytes();
        Bytes bytes(static_cast<size_t>(product(dims)) * size);
        each_index(dims, [&](const Index& index) {
            const Source from = test.source(static_cast<int>(o), index);
            unsigned char* to = bytes.data() + place_of(index, dims, y.layout) * size;
            if (from.input < 0) {
                std::memcpy(to, test.filler.data(), size);
                return;
            }
            const Value& x = test.inputs[static_cast<size_t>(from.input)];
            const size_t at = place_of(from.index, run_dims(x, batch), x.layout);
            ASSERT_LT(at * size, data[static_cast<size_t>(from.input)].size());
            std::memcpy(to, data[static_cast<size_t>(from.input)].data() + at * size, size);
        });
        expected.push_back(bytes);
    }
    for (Isa isa : available_isas()) {
        OpDesc desc{"under test", test.attributes, {}, {}, isa};
        desc.attributes.kind = test.kind;
        for (const Value& x : test.inputs) desc.inputs.push_back(&x);
        for (const Value& y : test.outputs) desc.outputs.push_back(&y);
        const std::unique_ptr<Op> op = create_op(desc);
        SCOPED_TRACE(op->kernel());
        for (int threads : {1, static_cast<int>(random.pick({2, 3, 7}))}) {
            const Guard guard = random.pick({Guard::after, Guard::before});
            std::vector<GuardedBuffer<unsigned char>> in, out;
            std::vector<const void*> reads;
            std::vector<void*> writes;
            for (const Bytes& bytes : data) in.emplace_back(bytes, guard);
            for (size_t i = 0; i < in.size(); i++)
                reads.push_back(test.inputs[i].role == OCTAVO_CONSTANT ? nullptr : in[i].data());
            for (const Bytes& bytes : expected) {
                out.emplace_back(bytes.size(), guard);
                out.back().fill(0xA5);
            }
            for (auto& buffer : out) writes.push_back(buffer.data());
            const size_t bytes = (op->scratch_bytes(batch, threads) + 63) / 64 * 64;
            GuardedBuffer<std::byte> scratch(bytes, Guard::after);
            const RunArgs args = {batch, reads.data(), writes.data(), scratch.data(), threads};
            op->run(args);
            for (size_t o = 0; o < out.size(); o++)
                ASSERT_TRUE(same_bits(out[o].copy(), expected[o])) << "output " << o;
        }
        coverage.ran(isa);
    }
}

inline octavo_dtype any_type(Random& random) {
    return random.pick({OCTAVO_F32, OCTAVO_U8, OCTAVO_S8, OCTAVO_S32, OCTAVO_S64, OCTAVO_BOOL});
}

// A shape of up to so many elements; dimension 0 is 1 if it is to be the batch.
inline Index any_dims(Random& random, int64_t rank, bool batched, int64_t most) {
    Index dims(static_cast<size_t>(rank), 1);
    int64_t left = most;
    const int64_t first = batched ? 1 : 0;
    for (int64_t i = 0; i < 2 * rank && rank > first; i++) {
        const auto axis = static_cast<size_t>(random.integer(first, rank - 1));
        if (dims[axis] > 1) continue;
        dims[axis] = random.size_around(16, std::max<int64_t>(1, std::min<int64_t>(left, 150)));
        left /= dims[axis];
    }
    return dims;
}

inline octavo_layout any_layout(Random& random, const Index& dims) {
    return dims.size() == 4 && random.chance(0.6) ? OCTAVO_NHWC : OCTAVO_PLAIN;
}

}  // namespace octavo::test

#endif
