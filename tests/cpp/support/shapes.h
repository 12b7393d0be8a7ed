// Values of random shapes and layouts, and where their elements are.
#ifndef OCTAVO_TESTS_SUPPORT_SHAPES_H
#define OCTAVO_TESTS_SUPPORT_SHAPES_H

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/sweep.h"
#include "support/values.h"

namespace octavo::test {

using Dims = std::vector<int64_t>;

inline int64_t product(const Dims& dims) {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
}

// A value with its elements in a run of `batch` samples.
struct Tensor {
    Value value;
    Dims dims;  // with the batch
    std::vector<std::byte> data;

    template <class T>
    T* as() {
        return reinterpret_cast<T*>(data.data());
    }
    // Where in memory the element with these logical indices is.
    int64_t place(const Dims& at) const {
        int64_t p = 0;
        if (value.layout == OCTAVO_NHWC) return ((at[0] * dims[2] + at[2]) * dims[3] + at[3]) * dims[1] + at[1];
        for (size_t d = 0; d < dims.size(); d++) p = p * dims[d] + at[d];
        return p;
    }
    // The same of the element that is broadcast to these indices of a result.
    int64_t broadcast_place(const Dims& at) const {
        Dims own(dims.size());
        for (size_t d = 0; d < dims.size(); d++) own[d] = dims[d] == 1 ? 0 : at[at.size() - dims.size() + d];
        return place(own);
    }
    const void* run_time() const { return value.role == OCTAVO_CONSTANT ? nullptr : data.data(); }
};

inline Tensor tensor(octavo_dtype dtype, Dims dims, bool batched, octavo_layout layout = OCTAVO_PLAIN) {
    Tensor t;
    t.value.name = "t";
    t.value.dtype = dtype;
    t.value.batched = batched;
    t.value.layout = layout;
    t.value.dims = dims;
    if (batched) t.value.dims[0] = 1;
    t.dims = std::move(dims);
    t.data.resize(static_cast<size_t>(product(t.dims)) * t.value.element_bytes());
    return t;
}

inline void make_constant(Tensor* t) {
    t->value.role = OCTAVO_CONSTANT;
    t->value.data = t->data;
}

// Calls body(at) for each index of the shape.
template <class Body>
void each_index(const Dims& dims, const Body& body) {
    Dims at(dims.size(), 0);
    for (int64_t i = 0, n = product(dims); i < n; i++) {
        body(at);
        for (size_t d = dims.size(); d-- > 0 && ++at[d] == dims[d];) at[d] = 0;
    }
}

inline octavo_layout random_layout(Random& random, size_t rank) {
    return rank == 4 && random.chance(0.5) ? OCTAVO_NHWC : OCTAVO_PLAIN;
}

// Few elements, sizes of 1 and primes among them; seldom a long last dimension or a long one before it.
inline Dims random_dims(Random& random, size_t rank) {
    Dims dims(rank);
    for (int64_t& d : dims) d = random.pick({1, 1, 2, 3, 4, 5, 7});
    if (rank > 0 && random.chance(0.5)) dims[rank - 1] = random.size_around(64, 300);
    if (rank > 1 && random.chance(0.2)) dims[rank - 2] = random.size_around(16, 70);
    return dims;
}

}  // namespace octavo::test

#endif
