#include "pack/code_panels.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"

namespace octavo {

CodePanels::CodePanels(const LookupRow& row, const uint8_t* codes, int64_t columns, int64_t depth,
                       const CodeTables& tables)
    : row_(&row),
      blocks_(ceil_div<int64_t>(depth, row.block)),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      block_bytes_(row.columns * row.block / 2) {
    codes_ = AlignedArray<uint8_t>(static_cast<size_t>(panels_ * blocks_ * block_bytes_));
    if (row.layout == lookup_lanes) {
        pack_lanes(codes, columns, depth, tables);
    } else {
        pack_columns(codes, columns, depth);
        tables_ = AlignedArray<int8_t>(16);
        std::memcpy(tables_.data(), tables.levels, static_cast<size_t>(tables.table_size));
    }
}

CodePanels::CodePanels(const LookupRow& row, const int8_t* weights, int64_t columns, int64_t depth)
    : row_(&row),
      blocks_(ceil_div<int64_t>(depth, row.block)),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      block_bytes_(row.columns * row.block) {
    codes_ = AlignedArray<uint8_t>(static_cast<size_t>(panels_ * blocks_ * block_bytes_));
    for (int64_t n = 0; n < columns; n++) {
        uint8_t* to = codes_.data() + n / row.columns * blocks_ * block_bytes_ + place_of(n % row.columns);
        const int64_t half = row.block / 2;
        for (int64_t k = 0; k < depth; k += half) {
            std::memcpy(to + k * row.columns, weights + n * depth + k,
                        static_cast<size_t>(std::min<int64_t>(half, depth - k)));
        }
    }
}

int64_t CodePanels::place_of(int64_t column) const {
    if (row_->layout == lookup_columns) return column * 4;
    const int64_t part = row_->part, j = column % part;
    return (column / part * part + j % 4 * (part / 4) + j / 4) * 16;
}

void CodePanels::pack_lanes(const uint8_t* codes, int64_t columns, int64_t depth, const CodeTables& tables) {
    const int64_t width = row_->columns;
    const bool by_group = tables.group_size > 0 && tables.group_step > 0;
    const int64_t groups = by_group ? ceil_div(depth, tables.group_size) : 1;
    table_step_ = by_group ? width * 16 : 0;
    panel_tables_ = groups * width * 16;
    tables_ = AlignedArray<int8_t>(static_cast<size_t>(panels_ * panel_tables_));
    for (int64_t n = 0; n < columns; n++) {
        const int64_t panel = n / width, place = place_of(n % width);
        uint8_t* to = codes_.data() + panel * blocks_ * block_bytes_ + place;
        for (int64_t k = 0; k < depth; k++) {
            uint8_t& pair = to[k / 32 * block_bytes_ + k % 16];
            const int code = codes[n * depth + k];
            pair = static_cast<uint8_t>(pair | (k % 32 < 16 ? code : code << 4));
        }
        for (int64_t g = 0; g < groups; g++) {
            const int64_t number = n * tables.column_step + g * tables.group_step;
            std::memcpy(tables_.data() + panel * panel_tables_ + g * table_step_ + place,
                        tables.levels + number * tables.table_size, static_cast<size_t>(tables.table_size));
        }
    }
}

void CodePanels::pack_columns(const uint8_t* codes, int64_t columns, int64_t depth) {
    const int64_t width = row_->columns;
    for (int64_t n = 0; n < columns; n++) {
        uint8_t* to = codes_.data() + n / width * blocks_ * block_bytes_ + place_of(n % width);
        for (int64_t k = 0; k < depth; k++) {
            uint8_t& pair = to[k / 8 * block_bytes_ + k % 4];
            const int code = codes[n * depth + k];
            pair = static_cast<uint8_t>(pair | (k % 8 < 4 ? code : code << 4));
        }
    }
}

}  // namespace octavo
