// Weights packed for family lookup: 4-bit codes, two a byte, and their tables of 16 levels, or bytes.
#ifndef OCTAVO_PACK_CODE_PANELS_H
#define OCTAVO_PACK_CODE_PANELS_H

#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "kernels/lookup.h"
#include "pack/share.h"

namespace octavo {

// Tables of table_size levels: that of weight (n, k) is number n * column_step + k / group_size * group_step.
struct CodeTables {
    const int8_t* levels;
    int table_size;
    int64_t column_step, group_step;
    int64_t group_size;  // a multiple of the row's block; 0: no groups
};

class CodePanels {
public:
    // codes [columns][depth], each below table_size. A row of layout columns takes the first table for all.
    CodePanels(const LookupRow& row, const uint8_t* codes, int64_t columns, int64_t depth, const CodeTables& tables,
               const Share& share);

    // weights [columns][depth].
    CodePanels(const LookupRow& row, const int8_t* weights, int64_t columns, int64_t depth, const Share& share);

    const LookupRow& row() const { return *row_; }
    int64_t blocks() const { return blocks_; }
    int64_t panels() const { return panels_; }
    const uint8_t* codes(int64_t panel) const { return codes_.data() + panel * blocks_ * block_bytes_; }
    const int8_t* tables(int64_t panel) const { return tables_.data() + panel * panel_tables_; }  // of codes
    int64_t table_step() const { return table_step_; }  // bytes from a group's tables to the next's; 0: the same
    size_t bytes() const { return codes_.bytes() + tables_.bytes(); }

private:
    // Of a column of a panel in half a block, where its bytes (or pairs of codes) lie side by side: 16 of them, or 4.
    int64_t place_of(int64_t column) const;
    // Calls body(column, where its bytes begin) for each column, a panel's on one thread.
    template <class Body>
    void each_column(int64_t columns, const Share& share, const Body& body);
    void pack_tables(int64_t columns, int64_t depth, const CodeTables& tables);

    const LookupRow* row_;
    int64_t blocks_, panels_, block_bytes_;
    int64_t panel_tables_ = 0, table_step_ = 0;  // bytes
    AlignedArray<uint8_t> codes_;
    AlignedArray<int8_t> tables_;
};

}  // namespace octavo

#endif
