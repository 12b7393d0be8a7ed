#include "pack/code_panels.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "pack/bytes.h"

namespace octavo {

template <class Body>
void CodePanels::each_column(int64_t columns, const Share& share, const Body& body) {
    share(panels_, [&](int64_t panel) {
        uint8_t* const to = codes_.data() + panel * blocks_ * block_bytes_;
        const int64_t first = panel * row_->columns;
        for (int64_t n = first; n < std::min(columns, first + row_->columns); n++) body(n, to + place_of(n - first));
    });
}

CodePanels::CodePanels(const LookupRow& row, const uint8_t* codes, int64_t columns, int64_t depth,
                       const CodeTables& tables, const Share& share)
    : row_(&row),
      blocks_(ceil_div<int64_t>(depth, row.block)),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      block_bytes_(row.columns * row.block / 2),
      codes_(static_cast<size_t>(panels_ * blocks_ * block_bytes_)) {
    // A half: the bytes of a column that lie side by side.
    const int64_t half = row.layout == lookup_lanes ? 16 : 4;
    each_column(columns, share,
                [&](int64_t n, uint8_t* to) { pack_codes(codes + n * depth, depth, half, to, row.columns * half); });
    if (row.layout == lookup_lanes) {
        pack_tables(columns, depth, tables);
    } else {
        tables_ = AlignedArray<int8_t>(16);
        std::memcpy(tables_.data(), tables.levels, static_cast<size_t>(tables.table_size));
    }
}

CodePanels::CodePanels(const LookupRow& row, const int8_t* weights, int64_t columns, int64_t depth, const Share& share)
    : row_(&row),
      blocks_(ceil_div<int64_t>(depth, row.block)),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      block_bytes_(row.columns * row.block),
      codes_(static_cast<size_t>(panels_ * blocks_ * block_bytes_)) {
    const int64_t half = row.block / 2;
    each_column(columns, share, [&](int64_t n, uint8_t* to) {
        for (int64_t k = 0; k < depth; k += half) {
            std::memcpy(to + k * row.columns, weights + n * depth + k,
                        static_cast<size_t>(std::min<int64_t>(half, depth - k)));
        }
    });
}

int64_t CodePanels::place_of(int64_t column) const {
    if (row_->layout == lookup_columns) return column * 4;
    const int64_t part = row_->part, j = column % part;
    return (column / part * part + j % 4 * (part / 4) + j / 4) * 16;
}

void CodePanels::pack_tables(int64_t columns, int64_t depth, const CodeTables& tables) {
    const int64_t width = row_->columns;
    const bool by_group = tables.group_size > 0 && tables.group_step > 0;
    const int64_t groups = by_group ? ceil_div(depth, tables.group_size) : 1;
    table_step_ = by_group ? width * 16 : 0;
    panel_tables_ = groups * width * 16;
    tables_ = AlignedArray<int8_t>(static_cast<size_t>(panels_ * panel_tables_));
    for (int64_t n = 0; n < columns; n++) {
        const int64_t panel = n / width, place = place_of(n % width);
        for (int64_t g = 0; g < groups; g++) {
            const int64_t number = n * tables.column_step + g * tables.group_step;
            std::memcpy(tables_.data() + panel * panel_tables_ + g * table_step_ + place,
                        tables.levels + number * tables.table_size, static_cast<size_t>(tables.table_size));
        }
    }
}

}  // namespace octavo
