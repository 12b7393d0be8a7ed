// Planes to pixels in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_PIXELS_VECTORS_H
#define OCTAVO_KERNELS_PIXELS_VECTORS_H

#include "kernels/pixels.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

struct Fused {
    CodeScale s;
    explicit Fused(const QuantizePixels& p) : s(p.inverse, p.zero_point, p.lo, p.hi) {}
    IVec codes(Vec x) const { return round(max(s.up_to_hi(fma(x, s.inverse, s.zero)), s.lo)); }
};

struct Quotient {
    CodeQuotient s;
    explicit Quotient(const QuantizePixels& p) : s(p.inverse, p.zero_point, p.lo, p.hi) {}
    IVec codes(Vec x) const { return s.codes(x); }
};

// The channels' codes side by side in a double word each; Pixels<channels>::store(y, q, left) squeezes the unused bytes out and
// writes these pixels, or as many as are left.
template <class Form, template <int> class Pixels, int channels>
void pixels(const QuantizePixels& p) {
    const Form form(p);
    const IVec byte = ivec(0xff);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    each_vector(p.pixels, [&](int64_t i, auto k) {
        const auto codes = [&](int64_t channel) {
            return form.codes(load(p.x + channel * p.plane_stride + i, k)) & byte;
        };
        IVec q = codes(0);
#pragma GCC unroll 3
        for (int c = 1; c < channels; c++) q = q | codes(c) << 8 * c;
        Pixels<channels>::store(y + i * channels, q, p.pixels - i);
    });
}

template <class Form, template <int> class Pixels>
void pixels_any(const QuantizePixels& p) {
    if (p.channels == 2)
        pixels<Form, Pixels, 2>(p);
    else if (p.channels == 3)
        pixels<Form, Pixels, 3>(p);
    else
        pixels<Form, Pixels, 4>(p);
}

}  // namespace
}  // namespace octavo

#endif
