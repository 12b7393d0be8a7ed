#include "pack/code_panels.h"

#include "base/sizes.h"

namespace octavo {

CodePanels::CodePanels(const LookupRow& row, const uint8_t* codes, int64_t columns, int64_t depth, const int8_t* tables,
                       int table_size, bool table_per_column)
    : row_(&row), blocks_(ceil_div<int64_t>(depth, lookup_block)), panels_(ceil_div<int64_t>(columns, row.columns)) {
    const int64_t width = row.columns;
    codes_ = AlignedArray<uint8_t>(static_cast<size_t>(panels_ * blocks_ * width * 16));
    tables_ = AlignedArray<int8_t>(static_cast<size_t>(panels_ * width * 16));
    for (int64_t n = 0; n < columns; n++) {
        const int64_t j = n % width;
        const int64_t place = (j % 4 * (width / 4) + j / 4) * 16;
        uint8_t* to = codes_.data() + n / width * blocks_ * width * 16 + place;
        for (int64_t k = 0; k < depth; k++) {
            uint8_t& pair = to[k / lookup_block * width * 16 + k % 16];
            const int code = codes[n * depth + k] & 15;
            pair = static_cast<uint8_t>(pair | (k % lookup_block < 16 ? code : code << 4));
        }
        int8_t* table = tables_.data() + n / width * width * 16 + place;
        for (int i = 0; i < table_size; i++) table[i] = tables[(table_per_column ? n * table_size : 0) + i];
    }
}

}  // namespace octavo
