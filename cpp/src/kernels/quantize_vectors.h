// Quantize and dequantize in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_QUANTIZE_VECTORS_H
#define OCTAVO_KERNELS_QUANTIZE_VECTORS_H

#include "kernels/quantize.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

// How x becomes codes, up to the greatest, in 32 bits; what is below the least is left to bytes.
struct Fused {
    CodeScale s;
    explicit Fused(const QuantizeRun& p) : s(p.inverse, p.zero_point, p.lo, p.hi) {}
    IVec codes(Vec x) const { return round(s.up_to_hi(fma(x, s.inverse, s.zero))); }
};

struct TwoStep {
    CodeScale s;
    explicit TwoStep(const QuantizeRun& p) : s(p.inverse, p.zero_point, p.lo, p.hi) {}
    IVec codes(Vec x) const { return round(s.up_to_hi(x * s.inverse + s.zero)); }
};

struct Quotient {
    CodeQuotient s;
    explicit Quotient(const QuantizeRun& p) : s(p.inverse, p.zero_point, p.lo, p.hi) {}
    IVec codes(Vec x) const { return s.codes(x); }
};

template <class Form, class Code>
void quantize(const QuantizeRun& p) {
    const Form form(p);
    const BVec lo = bvec(p.lo);
    const float* x = p.x;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    int64_t i = 0;
    for (; i + 4 * lanes <= p.n; i += 4 * lanes) {
        const IVec a = form.codes(load(x + i)), b = form.codes(load(x + i + lanes));
        const IVec c = form.codes(load(x + i + 2 * lanes)), d = form.codes(load(x + i + 3 * lanes));
        store(y + i, max<Code>(pack<Code>(a, b, c, d), lo));
    }
    if (i == p.n) return;
    const int64_t left = p.n - i;
    const auto part = [&](int64_t at) { return form.codes(load(x + i + at, first_lanes(left - at))); };
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
            quantize<Fused, uint8_t>,
            quantize<Fused, int8_t>,
            quantize<TwoStep, uint8_t>,
            quantize<TwoStep, int8_t>,
            quantize<Quotient, uint8_t>,
            quantize<Quotient, int8_t>,
            dequantize<uint8_t>,
            dequantize<int8_t>,
            dequantize<int32_t>};
}

}  // namespace
}  // namespace octavo

#endif
