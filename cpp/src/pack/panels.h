// Weights packed for family gemm: K in groups of four bytes, columns in panels of a tile's width.
#ifndef OCTAVO_PACK_PANELS_H
#define OCTAVO_PACK_PANELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/gemm.h"
#include "pack/share.h"

namespace octavo {

// Where each group of four bytes lies in a row of A, and which element of a weight's depth each of its bytes meets.
struct GroupLayout {
    std::vector<int32_t> offsets;  // [groups], bytes
    std::vector<int32_t> source;   // [groups * 4], index along the depth; -1: none (weight 0)
    int64_t groups() const { return static_cast<int64_t>(offsets.size()); }
    // Bytes that a row's last group may lie beyond the last byte that has a weight: runs shorter than a group over-read.
    int over_read = 0;
    // Bytes from row to row of a line and from line to line, as they will come; 0: unknown.
    int64_t pixel_bytes = 0, line_bytes = 0;

    // Adds `length` consecutive bytes at `offset` that meet the weights from `first` on. A rest of less than four bytes is
    // read together with the bytes before it, so that nothing beyond the run is read if it has four bytes.
    void add_run(int64_t offset, int64_t first, int64_t length);
};

struct Panel {
    size_t offset;     // bytes into the data
    int64_t output;    // first output channel
    int32_t columns;   // channels that there are, at most the tile's
    int32_t a_offset;  // bytes added to A's address: the channel group's first input channel
    int32_t group;     // the channel group
};

class Panels {
public:
    explicit Panels(const GemmTile& tile) : tile_(&tile) {}

    // Adds the columns of one channel group: weights [columns][depth], which must stay until `finish`.
    void add(const int8_t* weights, int64_t columns, int64_t depth, int64_t output, int64_t a_offset, int group);
    // Packs what was added.
    void finish(const GroupLayout& layout, const Share& share);

    const GemmTile& tile() const { return *tile_; }
    const std::vector<Panel>& panels() const { return panels_; }
    const std::byte* data(const Panel& panel) const { return data_.data() + panel.offset; }
    size_t bytes() const { return data_.bytes(); }
    // Output channel of each packed column; -1: padding.
    std::vector<int64_t> order() const;

private:
    // The columns of a panel.
    struct Source {
        const int8_t* weights;
        int64_t depth;
    };

    const GemmTile* tile_;
    std::vector<Panel> panels_;
    std::vector<Source> sources_;
    AlignedArray<std::byte> data_;
};

}  // namespace octavo

#endif
