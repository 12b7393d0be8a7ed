// Lines of a convolution with 3x3 taps by family winograd.
#ifndef OCTAVO_OPS_WINOGRAD_PRODUCT_H
#define OCTAVO_OPS_WINOGRAD_PRODUCT_H

#include <cstdint>
#include <memory>
#include <string>

#include "ops/image_band.h"
#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/winograd_panels.h"

namespace octavo {

// Pads by itself: lines are of the image, and so is the number of the first one.
class WinogradProduct : public LineProduct {
public:
    // weights of operands: [outputs, 3 * 3 taps, channels], for which fits() has answered true.
    WinogradProduct(const WinogradRow& row, const ConvGeometry& geometry, const StageOperands& operands);

    // True if it computes this convolution, and exactly. weights: [outputs, depth] in any order.
    static bool fits(const ConvGeometry& geometry, const StageOperands& operands);
    // True if it takes less time than products of the definition.
    static bool pays(const WinogradRow& row, const ConvGeometry& geometry);

    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int64_t parts() const override { return panels_->panels(); }
    int64_t lines_together() const override { return winograd_pixels; }
    size_t scratch_bytes(int64_t pixels) const override;
    int over_read() const override { return 0; }
    std::string kernel() const override;
    std::string reason() const override { return "a quarter of the products: sums of minimal filtering fit 32 bits"; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(panels_->bytes()) + stage_->bytes(); }
    int macs_per_ns() const override { return row_->macs_per_ns; }

private:
    // Tiles that are computed together: rows, or a piece of one; their words stay in L2 beside a panel of filters.
    struct Block {
        int64_t rows, tiles;  // tiles: in a row
        int64_t plane, sums_plane;
    };
    int64_t most_tiles() const;
    Block block_of(int64_t rows) const;
    void run_block(const Lines& lines, const Block& block, int64_t row, int64_t tile, int64_t first, int64_t end,
                   const OutputStage& stage) const noexcept;

    const WinogradRow* row_;
    ConvGeometry geometry_;
    uint8_t padding_, flip_;
    std::shared_ptr<const WinogradPanels> panels_;
    std::shared_ptr<const PackedStage> stage_;
};

}  // namespace octavo

#endif
