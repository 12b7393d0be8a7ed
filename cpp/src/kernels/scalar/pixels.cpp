// Planes to pixels, the definition.
#include "kernels/pixels.h"

#include "base/numerics.h"

namespace octavo {
namespace {

template <class T, int32_t (*code)(float, float, int32_t, int32_t, int32_t)>
void pixels(const QuantizePixels& p) {
    for (int64_t i = 0; i < p.pixels; i++)
        for (int64_t c = 0; c < p.channels; c++)
            static_cast<T*>(p.y)[i * p.channels + c] =
                static_cast<T>(code(p.x[c * p.plane_stride + i], p.inverse, p.zero_point, p.lo, p.hi));
}

}  // namespace

const PixelsKernels pixels_scalar = {"scalar", pixels<uint8_t, quantize_fused>, pixels<int8_t, quantize_fused>,
                                     pixels<uint8_t, quantize_quotient>, pixels<int8_t, quantize_quotient>};

}  // namespace octavo
