// Weights packed for family pairs, with the proof that sums in 16 bits hold; and which bytes of A a packed row takes.
#ifndef OCTAVO_PACK_PAIR_PANELS_H
#define OCTAVO_PACK_PAIR_PANELS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/memory.h"
#include "kernels/pairs.h"
#include "pack/panels.h"

namespace octavo {

// The bytes of a row of A that have a weight, side by side.
struct PackedDepth {
    // may_span: A may stay as it is.
    explicit PackedDepth(const GroupLayout& layout, bool may_span = false);

    std::vector<ByteRun> runs;
    int32_t chunks = 0;            // of 16 bytes in a row
    std::vector<RowPiece> pieces;  // [chunks][pieces_a_chunk], of short rows
    int32_t pieces_a_chunk = 0;
    std::vector<int32_t> source;  // index along the depth of each packed byte
    // Groups of a packed row, the last ones filled up with zeros; even, so that every form takes them.
    int64_t groups() const { return groups_of(source); }
    static int64_t groups_of(const std::vector<int32_t>& source) {
        return (static_cast<int64_t>(source.size()) + 7) / 8 * 2;
    }
    // Rows need not be packed: their runs are spans of whole chunks, of rows and lines that are whole chunks apart.
    bool spans() const { return spans_; }
    // Bytes from a row's beginning to the end of its last run.
    int64_t reach() const;
    // Where a group's bytes are in a row.
    int32_t group_offset(int32_t group) const;
    // Several short runs are read 16 bytes at a time.
    bool over_reads() const;

private:
    void make_pieces();

    bool spans_;
};

struct PairPanel {
    size_t offset;     // bytes into the data: terms, weights, weights of extras
    int64_t output;    // first output channel
    int64_t column;    // first packed column
    int32_t columns;   // channels that there are, at most the tile's
    int32_t a_offset;  // bytes added to A's address: the channel group's first input channel
    int32_t group;     // the channel group
    PairsForm form;
    const PairsTile* tile;
    std::vector<int32_t> extras;  // groups of the depth
};

// A panel as groups of bytes whose sums hold, and the further groups that complete it.
struct CappedPanel {
    std::vector<int8_t> main;
    std::vector<int32_t> groups;
    std::vector<int8_t> extras;
};

class PairPanels {
public:
    // source: the depth's. a_max: largest code of A that can occur, padding included. any_rows: one row or many. form: the only one to
    // use; for tests.
    PairPanels(const PairsRow& row, const std::vector<int32_t>& source, int a_max, bool any_rows,
               std::optional<PairsForm> form);

    // Adds the columns of one channel group: weights [columns][depth], which must stay until `finish`.
    void add(const int8_t* weights, int64_t columns, int64_t depth, int64_t output, int64_t a_offset, int group);
    // Packs what was added.
    void finish(const Share& share);

    const std::vector<PairPanel>& panels() const { return panels_; }
    const int32_t* terms(const PairPanel& panel) const;
    const std::byte* weights(const PairPanel& panel) const;
    const std::byte* extra_weights(const PairPanel& panel) const;
    int count(PairsForm form) const;
    size_t bytes() const { return data_.bytes(); }
    // Output channel of each packed column; -1: padding.
    std::vector<int64_t> order() const;

private:
    // The columns of a panel.
    struct Source {
        const int8_t* weights;
        int64_t depth;
    };

    int64_t group_count() const { return static_cast<int64_t>(source_.size()) / 4; }
    std::vector<int8_t> grouped(const PairPanel& panel, const Source& source) const;
    void choose_form(const PairsTile& tile, const Source& source, int64_t columns, PairPanel& panel) const;
    size_t panel_bytes(const PairPanel& panel) const;
    void fill(const PairPanel& panel, const Source& source);

    const PairsRow* row_;
    int a_max_;
    bool narrow_;
    std::optional<PairsForm> form_;
    std::vector<int32_t> source_;  // the depth's, filled up to whole groups
    std::vector<PairPanel> panels_;
    std::vector<Source> sources_;
    AlignedArray<std::byte> data_;
};

}  // namespace octavo

#endif
