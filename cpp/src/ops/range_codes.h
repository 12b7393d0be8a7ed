// From a range to scale and zero point: PyTorch's formulas, in float.
#ifndef OCTAVO_OPS_RANGE_CODES_H
#define OCTAVO_OPS_RANGE_CODES_H

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace octavo {

// Codes that a range is laid over; those of symmetric codes are counted from their zero point.
struct RangeCodes {
    int32_t q_min, q_max;
    bool symmetric;

    int32_t steps() const { return q_max - q_min; }

    float scale_of(float lo, float hi) const {
        constexpr float least = 0x1p-23f;
        const float all = static_cast<float>(steps());
        const float scale = symmetric ? std::max(-lo, hi) / (all / 2) : (hi - lo) / all;
        return std::max(scale, least);
    }

    int32_t zero_point_of(float lo, float scale) const {
        if (symmetric) return 0;
        const float below = std::min(-std::nearbyint(lo / scale), static_cast<float>(steps()));
        return q_min + static_cast<int32_t>(below);
    }
};

}  // namespace octavo

#endif
