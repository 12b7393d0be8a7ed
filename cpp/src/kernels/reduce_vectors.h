// Reductions: plain loops that each instruction set's compiler turns into its vectors, element by element in a fixed order, so that
// all give the same bits (vectors.h or vectors_one.h comes before).
#ifndef OCTAVO_KERNELS_REDUCE_VECTORS_H
#define OCTAVO_KERNELS_REDUCE_VECTORS_H

#include "kernels/functions_vectors.h"
#include "kernels/reduce.h"

namespace octavo {
namespace {

struct Elements {
    static double with(double sum, double x) { return sum + x; }
};
struct Magnitudes {
    static double with(double sum, double x) { return sum + (x < 0 ? -x : x); }
};
struct Squares {
    static double with(double sum, double x) { return sum + x * x; }
};
struct Product {
    static double with(double product, double x) { return product * x; }
};
struct Greatest {
    template <class Code>
    static Code with(Code best, Code x) {
        return x > best ? x : best;
    }
    static Vec pick(Vec best, Vec x) { return select(is_nan(x), x, max(x, best)); }
};
struct Least {
    template <class Code>
    static Code with(Code best, Code x) {
        return x < best ? x : best;
    }
    static Vec pick(Vec best, Vec x) { return select(is_nan(x), x, min(x, best)); }
};

template <class F, class T, class Sum>
void along(const void* row, int64_t n, void* to) {
    const T* x = static_cast<const T*>(row);
    Sum* parts = static_cast<Sum*>(to);
    Sum part[reduce_parts];
    for (int j = 0; j < reduce_parts; j++) part[j] = parts[j];
    int64_t i = 0;
    for (; i + reduce_parts <= n; i += reduce_parts)
        for (int j = 0; j < reduce_parts; j++) part[j] = F::with(part[j], static_cast<Sum>(x[i + j]));
    for (int j = 0; i + j < n; j++) part[j] = F::with(part[j], static_cast<Sum>(x[i + j]));
    for (int j = 0; j < reduce_parts; j++) parts[j] = part[j];
}

template <class F, class T, class Sum>
void across(const void* row, int64_t n, void* to) {
    const T* x = static_cast<const T*>(row);
    Sum* parts = static_cast<Sum*>(to);
    for (int64_t i = 0; i < n; i++) parts[i] = F::with(parts[i], static_cast<Sum>(x[i]));
}

template <class F>
void sum_along(const float* x, int64_t n, double* parts) {
    along<F, float, double>(x, n, parts);
}
template <class F>
void sum_across(const float* x, int64_t n, double* parts) {
    across<F, float, double>(x, n, parts);
}
template <class F>
void extreme_along(const float* x, int64_t n, float* parts) {
    Vec part[reduce_parts / lanes];
    for (int j = 0; j < reduce_parts / lanes; j++) part[j] = load(parts + j * lanes);
    each_of_sixteen(n,
                    [&](int64_t i, auto j, auto k) { part[j] = select(k, F::pick(part[j], load(x + i, k)), part[j]); });
    for (int j = 0; j < reduce_parts / lanes; j++) store(parts + j * lanes, part[j]);
}
template <class F>
void extreme_across(const float* x, int64_t n, float* parts) {
    each_vector(n, [&](int64_t i, auto k) { store(parts + i, F::pick(load(parts + i, k), load(x + i, k)), k); });
}
template <class Code>
void codes_along(const void* row, int64_t n, int32_t* sum) {
    const Code* x = static_cast<const Code*>(row);
    int32_t all = 0;
    for (int64_t i = 0; i < n; i++) all += x[i];
    *sum += all;
}
// Columns of sums stay in registers while all rows pass.
template <class Code>
void codes_across(const void* rows, int64_t count, int64_t stride, int64_t n, int32_t* sum) {
    const Code* x = static_cast<const Code*>(rows);
    int64_t i = 0;
    for (; lanes > 1 && i + 4 * lanes <= n; i += 4 * lanes) {  // one lane goes column by column
        IVec sums[4];
        for (int j = 0; j < 4; j++) sums[j] = widen(sum + i + j * lanes);
        for (int64_t row = 0; row < count; row++)
            for (int j = 0; j < 4; j++) sums[j] = sums[j] + widen(x + row * stride + i + j * lanes);
        for (int j = 0; j < 4; j++) store(reinterpret_cast<uint32_t*>(sum + i + j * lanes), sums[j]);
    }
    each_vector(n - i, [&](int64_t left, auto k) {
        IVec sums = ivec(0);
        for (int64_t row = 0; row < count; row++) sums = sums + widen(x + row * stride + i + left, k);
        uint32_t all[lanes];
        store(all, sums);
        const int64_t size = n - i - left < lanes ? n - i - left : lanes;
        for (int64_t j = 0; j < size; j++) sum[i + left + j] += static_cast<int32_t>(all[j]);
    });
}

void exp_less(const float* x, const float* shift, int64_t step, float* y, int64_t n) {
    if (step == 0) {
        const Vec same = vec(*shift);
        each_vector(n, [&](int64_t i, auto k) { store(y + i, exp(load(x + i, k) - same), k); });
        return;
    }
    each_vector(n, [&](int64_t i, auto k) { store(y + i, exp(load(x + i, k) - load(shift + i, k)), k); });
}

constexpr ReduceKernels reduce_kernels(const char* isa) {
    return {
        isa,
        {sum_along<Elements>, sum_along<Magnitudes>, sum_along<Squares>, sum_along<Product>},
        {sum_across<Elements>, sum_across<Magnitudes>, sum_across<Squares>, sum_across<Product>},
        {extreme_along<Greatest>, extreme_along<Least>},
        {extreme_across<Greatest>, extreme_across<Least>},
        exp_less,
        {codes_along<uint8_t>, codes_along<int8_t>},
        {codes_across<uint8_t>, codes_across<int8_t>},
        {{along<Greatest, uint8_t, uint8_t>, along<Least, uint8_t, uint8_t>},
         {along<Greatest, int8_t, int8_t>, along<Least, int8_t, int8_t>}},
        {{across<Greatest, uint8_t, uint8_t>, across<Least, uint8_t, uint8_t>},
         {across<Greatest, int8_t, int8_t>, across<Least, int8_t, int8_t>}},
    };
}

}  // namespace
}  // namespace octavo

#endif
