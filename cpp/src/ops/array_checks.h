// What the functions of arrays refuse.
#ifndef OCTAVO_OPS_ARRAY_CHECKS_H
#define OCTAVO_OPS_ARRAY_CHECKS_H

#include <cstdint>
#include <string>

#include "octavo/octavo.h"

namespace octavo {

std::string text(double x);

[[noreturn]] void invalid(const std::string& what);

struct CodeRange {
    int32_t min, max;
};

// Refuses all but U8 and S8.
CodeRange checked_range(octavo_dtype dtype);
void check_codes(int32_t q_min, int32_t q_max, const CodeRange& full);
// index: of the channel or group, for the message.
void check_scale(float scale, int64_t index);
void check_zero_point(int32_t zero_point, int64_t index, const CodeRange& range);

}  // namespace octavo

#endif
