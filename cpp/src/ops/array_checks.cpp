#include "ops/array_checks.h"

#include <cmath>
#include <cstdio>

#include "base/status.h"

namespace octavo {

std::string text(double x) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.9g", x);
    return buffer;
}

void invalid(const std::string& what) { throw Error(OCTAVO_INVALID_ARGUMENT, what); }

CodeRange checked_range(octavo_dtype dtype) {
    if (dtype != OCTAVO_U8 && dtype != OCTAVO_S8) invalid("dtype is " + std::to_string(dtype) + ", expected U8 or S8");
    return dtype == OCTAVO_U8 ? CodeRange{0, 255} : CodeRange{-128, 127};
}

void check_codes(int32_t q_min, int32_t q_max, const CodeRange& full) {
    if (q_min > q_max || q_min < full.min || q_max > full.max)
        invalid("codes " + std::to_string(q_min) + " to " + std::to_string(q_max) + ", expected a range within " +
                std::to_string(full.min) + " to " + std::to_string(full.max));
}

void check_scale(float scale, int64_t index) {
    if (std::isfinite(scale) && scale > 0) return;
    const octavo_status status = std::isfinite(scale) ? OCTAVO_INVALID_ARGUMENT : OCTAVO_NOT_FINITE;
    throw Error(status, "scale " + std::to_string(index) + " is " + text(scale) + ", expected a finite number above 0");
}

void check_zero_point(int32_t zero_point, int64_t index, const CodeRange& range) {
    if (zero_point < range.min || zero_point > range.max)
        invalid("zero point " + std::to_string(index) + " is " + std::to_string(zero_point) + ", expected " +
                std::to_string(range.min) + " to " + std::to_string(range.max));
}

}  // namespace octavo
