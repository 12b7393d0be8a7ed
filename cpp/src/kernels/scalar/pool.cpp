// Pooling, the definition. Windows are clipped to the image by the caller (PoolSpan, rows), as in PyTorch: padding takes no
// part in a maximum, and in an average only in the divisor. The forms of the quantized average are those of PyTorch's
// kernels for x86, which round whole vectors of channels and single channels differently.
#include "kernels/pool.h"

#include "base/numerics.h"

namespace octavo {
namespace {

bool greater(float x, float than) {
    return x > than || x != x;  // NaN wins, as in PyTorch
}

bool greater(int x, int than) { return x > than; }

template <class T>
const T* tap(const PoolRow& p, const PoolSpan& span, int64_t row, int64_t column) {
    return static_cast<const T*>(p.x) + row * p.row_stride + span.begin * p.channels + column * p.column_stride;
}

template <class T>
T maximum(const PoolRow& p, const PoolSpan& span, int64_t channel) {
    T most = *(tap<T>(p, span, 0, 0) + channel);
    for (int64_t r = 0; r < p.rows; r++)
        for (int32_t t = 0; t < span.taps; t++) {
            const T x = *(tap<T>(p, span, r, t) + channel);
            if (greater(x, most)) most = x;
        }
    return most;
}

template <class T>
void max_codes(const PoolRow& p) {
    T* y = static_cast<T*>(p.y);
    for (int64_t i = 0; i < p.width; i++)
        for (int64_t c = 0; c < p.channels; c++)
            *y++ = static_cast<T>(clamp_s32(maximum<T>(p, p.spans[i], c), p.lo, p.hi));
}

void max_f32(const PoolRow& p) {
    float* y = static_cast<float*>(p.y);
    for (int64_t i = 0; i < p.width; i++)
        for (int64_t c = 0; c < p.channels; c++) *y++ = maximum<float>(p, p.spans[i], c);
}

template <class T>
void average_codes(const PoolRow& p) {
    T* y = static_cast<T*>(p.y);
    const float z = static_cast<float>(p.zero_y);
    for (int64_t i = 0; i < p.width; i++) {
        const PoolSpan& span = p.spans[i];
        const float m = p.scale / static_cast<float>(p.row_divisor * span.divisor);
        for (int64_t c = 0; c < p.channels; c++) {
            int32_t sum = 0;
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++) sum += *(tap<T>(p, span, r, t) + c) - p.zero_point;
            const float s = static_cast<float>(sum);
            int32_t q;
            if (c >= p.group_channels)
                q = to_s32(s * m + z);
            else if (p.group_fused)
                q = to_s32(fmaf(s, m, z));
            else
                q = to_s32(s * m) + p.zero_y;
            *y++ = static_cast<T>(clamp_s32(q, p.lo, p.hi));
        }
    }
}

void average_f32(const PoolRow& p) {
    float* y = static_cast<float*>(p.y);
    for (int64_t i = 0; i < p.width; i++) {
        const PoolSpan& span = p.spans[i];
        const float divisor = static_cast<float>(p.row_divisor * span.divisor);
        for (int64_t c = 0; c < p.channels; c++) {
            float sum = 0;
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++) sum += *(tap<float>(p, span, r, t) + c);
            *y++ = sum / divisor;
        }
    }
}

}  // namespace

const PoolKernels pool_scalar = {
    "scalar",    max_codes<uint8_t>, max_codes<int8_t>, max_f32, average_codes<uint8_t>, average_codes<int8_t>,
    average_f32,
};

}  // namespace octavo
