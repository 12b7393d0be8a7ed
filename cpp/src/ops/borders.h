// Convolution that reads its padding nowhere: which taps of a line and of its outer pixels lie outside the image, and what is then
// missing from the sums. The inner pixels of a line miss none, its first and its last pixel some columns of taps, and the lines
// at the top and the bottom some rows of taps.
#ifndef OCTAVO_OPS_BORDERS_H
#define OCTAVO_OPS_BORDERS_H

#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "kernels/gemm.h"
#include "kernels/taps.h"
#include "ops/image_band.h"
#include "ops/output_stage.h"

namespace octavo {

class Borders {
public:
    // True if only the first and the last pixel of a line miss taps, never both the same one, and kinds of lines are few.
    static bool fit(const ConvGeometry& geometry);
    // True if of three columns of taps no outer pixel of a line misses the middle one, nor the one towards the image.
    static bool misses_columns(const ConvGeometry& geometry);
    // Rows of taps inside, of the line that has the fewest.
    static int64_t least_rows(const ConvGeometry& geometry);

    // groups_a_tap: of K, which has the taps of a column together; weights of operands are [outputs, taps, 4 * groups_a_tap]
    // without zero points. order and start: of the packed stage, by column.
    Borders(const ConvGeometry& geometry, int64_t groups_a_tap, const StageOperands& operands,
            const std::vector<int64_t>& order, const AlignedArray<int32_t>& start);

    // What the tiles of a line take, by kind.
    const TileTaps* taps(int64_t line) const {
        return taps_.data() + tile_kinds * kind_of_line_[static_cast<size_t>(line)];
    }
    // The same for kernels of three columns of taps that take whole lines; kinds by line.
    const LineTaps* line_taps() const { return line_taps_.data(); }
    const int32_t* kinds_of_lines() const { return kind_of_line_.data(); }
    // Which outer pixels miss a column: tile_with_first, tile_with_last.
    int64_t ends() const { return ends_; }
    int64_t bytes() const { return static_cast<int64_t>(starts_.bytes()); }

private:
    std::vector<int32_t> kind_of_line_;  // lines that miss the same rows of taps are of a kind
    std::vector<LineTaps> line_taps_;    // [kinds of lines]
    std::vector<TileTaps> taps_;         // [kinds of lines][kinds of tiles], into the two below
    std::vector<std::vector<GroupRun>> runs_;
    AlignedArray<int32_t> starts_;
    std::shared_ptr<const void> tap_sums_;  // what the starts are made of, kept for other shapes; null: no zero point
    int64_t ends_;
};

}  // namespace octavo

#endif
