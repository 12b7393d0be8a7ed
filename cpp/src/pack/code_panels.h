// Weights packed for family lookup: 4-bit codes, two a byte, and a table of 16 levels a column.
#ifndef OCTAVO_PACK_CODE_PANELS_H
#define OCTAVO_PACK_CODE_PANELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/lookup.h"

namespace octavo {

class CodePanels {
public:
    // codes [columns][depth], each below table_size; tables [columns][table_size], or [1][table_size] for all.
    CodePanels(const LookupRow& row, const uint8_t* codes, int64_t columns, int64_t depth, const int8_t* tables,
               int table_size, bool table_per_column);

    const LookupRow& row() const { return *row_; }
    int64_t blocks() const { return blocks_; }
    int64_t panels() const { return panels_; }
    const uint8_t* codes(int64_t panel) const { return codes_.data() + panel * blocks_ * row_->columns * 16; }
    const int8_t* tables(int64_t panel) const { return tables_.data() + panel * row_->columns * 16; }
    size_t bytes() const { return codes_.bytes() + tables_.bytes(); }

private:
    const LookupRow* row_;
    int64_t blocks_, panels_;
    AlignedArray<uint8_t> codes_;
    AlignedArray<int8_t> tables_;
};

}  // namespace octavo

#endif
