// Values that are neither floats of vectors nor codes: what plain loops work on.
#ifndef OCTAVO_OPS_PLAIN_TYPE_H
#define OCTAVO_OPS_PLAIN_TYPE_H

#include <string>

#include "ops/checks.h"
#include "registry/plain.h"

namespace octavo {

// Without a scale, of the four types of integers.
inline bool is_integer(const Value& value) {
    return value.scales.empty() && (value.dtype == OCTAVO_U8 || value.dtype == OCTAVO_S8 || value.dtype == OCTAVO_S32 ||
                                    value.dtype == OCTAVO_S64);
}

// Of a value without a scale; table codes are never such.
inline PlainType plain_type(const Value& value) {
    switch (value.dtype) {
        case OCTAVO_F32:
            return plain_f32;
        case OCTAVO_U8:
            return plain_u8;
        case OCTAVO_S8:
            return plain_s8;
        case OCTAVO_S32:
            return plain_s32;
        case OCTAVO_S64:
            return plain_s64;
        default:
            return plain_bool;
    }
}

// For messages: "u8 with 3 scales".
inline std::string kind_of(const Value& value) {
    return type_name(value.dtype) + (value.scales.empty() ? std::string()
                                                          : " with " + std::to_string(value.scales.size()) +
                                                                (value.scales.size() == 1 ? " scale" : " scales"));
}

}  // namespace octavo

#endif
