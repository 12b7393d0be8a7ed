// Quantize and dequantize, the definition: the formulas of base/numerics.h.
#include "kernels/quantize.h"

#include "base/numerics.h"

namespace octavo {
namespace {

template <class T>
void fused(const QuantizeRun& p) {
    for (int64_t i = 0; i < p.n; i++)
        static_cast<T*>(p.y)[i] = static_cast<T>(quantize_fused(p.x[i], p.inverse, p.zero_point, p.lo, p.hi));
}

template <class T>
void two_step(const QuantizeRun& p) {
    for (int64_t i = 0; i < p.n; i++)
        static_cast<T*>(p.y)[i] = static_cast<T>(quantize_two_step(p.x[i], p.inverse, p.zero_point, p.lo, p.hi));
}

template <class T>
void quotient(const QuantizeRun& p) {
    for (int64_t i = 0; i < p.n; i++)
        static_cast<T*>(p.y)[i] = static_cast<T>(quantize_quotient(p.x[i], p.inverse, p.zero_point, p.lo, p.hi));
}

template <class T>
void dequantize_run(const DequantizeRun& p) {
    for (int64_t i = 0; i < p.n; i++) {
        const int32_t difference = add_wrap_s32(static_cast<const T*>(p.x)[i], add_wrap_s32(~p.zero_point, 1));
        p.y[i] = static_cast<float>(difference) * p.scale;
    }
}

}  // namespace

const QuantizeKernels quantize_scalar = {
    "scalar",          fused<uint8_t>,   fused<int8_t>,           two_step<uint8_t>,      two_step<int8_t>,
    quotient<uint8_t>, quotient<int8_t>, dequantize_run<uint8_t>, dequantize_run<int8_t>, dequantize_run<int32_t>,
};

}  // namespace octavo
