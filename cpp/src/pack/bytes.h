// Rows of bytes as packers move them.
#ifndef OCTAVO_PACK_BYTES_H
#define OCTAVO_PACK_BYTES_H

#include <cstdint>

namespace octavo {

// to[(g * width + j) * 4 + i] = rows[j * depth + source[4 * g + i]], g < groups, j < count; where the source is negative and
// where count <= j < width the byte stays.
void pack_groups(const int8_t* rows, int64_t depth, int64_t count, const int32_t* source, int64_t groups, int64_t width,
                 int8_t* to);

// Two 4-bit codes a byte: of each 2 * half codes the first ones low, the others high. A byte that no code meets stays.
// to[b * step + i] = row[b * 2 * half + i] | row[b * 2 * half + half + i] << 4, i < half.
void pack_codes(const uint8_t* row, int64_t depth, int64_t half, uint8_t* to, int64_t step);

// The sum of the positive ones and that of the negative ones.
struct SignedSums {
    int64_t high = 0, low = 0;
};
SignedSums signed_sums(const int8_t* row, int64_t depth);

}  // namespace octavo

#endif
