// Quantize and dequantize in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_QUANTIZE_VECTORS_H
#define OCTAVO_KERNELS_QUANTIZE_VECTORS_H

#include "kernels/quantize.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

template <bool is_fused>
IVec codes_up_to_hi(Vec x, const CodeScale& s) {
    return round(s.up_to_hi(is_fused ? fma(x, s.inverse, s.zero) : x * s.inverse + s.zero));
}

template <bool is_fused, class Code>
void quantize(const QuantizeRun& p) {
    const CodeScale s(p.inverse, p.zero_point, p.lo, p.hi);
    const BVec lo = bvec(p.lo);
    const float* x = p.x;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    int64_t i = 0;
    for (; i + 4 * lanes <= p.n; i += 4 * lanes) {
        const IVec a = codes_up_to_hi<is_fused>(load(x + i), s), b = codes_up_to_hi<is_fused>(load(x + i + lanes), s);
        const IVec c = codes_up_to_hi<is_fused>(load(x + i + 2 * lanes), s),
                   d = codes_up_to_hi<is_fused>(load(x + i + 3 * lanes), s);
        store(y + i, max<Code>(pack<Code>(a, b, c, d), lo));
    }
    if (i == p.n) return;
    const int64_t left = p.n - i;
    const auto part = [&](int64_t at) { return codes_up_to_hi<is_fused>(load(x + i + at, first_lanes(left - at)), s); };
    const IVec a = part(0), b = part(lanes), c = part(2 * lanes), d = part(3 * lanes);
    store_first(y + i, max<Code>(pack<Code>(a, b, c, d), lo), left);
}

template <class Code>
void dequantize(const DequantizeRun& p) {
    const Code* x = static_cast<const Code*>(p.x);
    float* y = p.y;
    const IVec zero_point = ivec(p.zero_point);
    const Vec scale = vec(p.scale);
    each_vector(p.n, [&](int64_t i, auto k) { store(y + i, to_floats(widen(x + i, k) - zero_point) * scale, k); });
}

constexpr QuantizeKernels quantize_kernels(const char* isa) {
    return {isa,
            quantize<true, uint8_t>,
            quantize<true, int8_t>,
            quantize<false, uint8_t>,
            quantize<false, int8_t>,
            dequantize<uint8_t>,
            dequantize<int8_t>,
            dequantize<int32_t>};
}

}  // namespace
}  // namespace octavo

#endif
