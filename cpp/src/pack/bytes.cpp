#include "pack/bytes.h"

#include <algorithm>
#include <cstring>

namespace octavo {

void pack_groups(const int8_t* rows, int64_t depth, int64_t count, const int32_t* source, int64_t groups, int64_t width,
                 int8_t* to) {
    // A cache line of each row at a time.
    constexpr int64_t block = 16;
    for (int64_t first = 0; first < groups; first += block) {
        const int64_t end = std::min(first + block, groups);
        const int32_t* const from = source + 4 * first;
        bool whole = from[0] >= 0;  // consecutive bytes all along
        for (int64_t i = 1; i < 4 * (end - first); i++) whole = whole && from[i] == from[0] + i;
        for (int64_t j = 0; j < count; j++) {
            const int8_t* const row = rows + j * depth;
            int8_t* at = to + (first * width + j) * 4;
            for (int64_t g = 0; g < end - first; g++, at += 4 * width) {
                const int32_t* k = from + 4 * g;
                if (whole) {
                    std::memcpy(at, row + from[0] + 4 * g, 4);
                } else {
                    for (int i = 0; i < 4; i++) at[i] = k[i] < 0 ? at[i] : row[k[i]];
                }
            }
        }
    }
}

void pack_codes(const uint8_t* row, int64_t depth, int64_t half, uint8_t* to, int64_t step) {
    for (int64_t k = 0; k < depth; k += 2 * half, to += step) {
        const int64_t low = std::min(half, depth - k), high = std::min(half, depth - k - low);
        for (int64_t i = 0; i < low; i++) to[i] = row[k + i];
        for (int64_t i = 0; i < high; i++) to[i] = static_cast<uint8_t>(to[i] | row[k + half + i] << 4);
    }
}

SignedSums signed_sums(const int8_t* row, int64_t depth) {
    // So many of them that 16 bits hold.
    constexpr int64_t chunk = 256;
    SignedSums sums;
    for (int64_t first = 0; first < depth; first += chunk) {
        int16_t high = 0, low = 0;
        for (int64_t k = first; k < std::min(first + chunk, depth); k++) {
            high = static_cast<int16_t>(high + std::max<int16_t>(row[k], 0));
            low = static_cast<int16_t>(low + std::min<int16_t>(row[k], 0));
        }
        sums.high += high;
        sums.low += low;
    }
    return sums;
}

}  // namespace octavo
