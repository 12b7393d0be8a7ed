// Lines of pixels by family conv_pool.
#ifndef OCTAVO_OPS_POOLED_PRODUCT_H
#define OCTAVO_OPS_POOLED_PRODUCT_H

#include <cstdint>
#include <memory>
#include <string>

#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// A convolution with the maximum over 2 x 2 of its pixels at stride 2: the lines and pixels of a run are those of the maxima.
class PooledProduct : public LineProduct {
public:
    // layout: of a pixel of the convolution, whose next one in the line lies pixel_bytes behind, and in the line below `lower`.
    PooledProduct(const ConvPoolRow& row, GroupLayout layout, const StageOperands& operands, int64_t pixel_bytes,
                  int64_t lower);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int64_t parts() const override { return static_cast<int64_t>(panels_->panels().size()); }
    int over_read() const override { return layout_.over_read; }
    std::string kernel() const override;
    int64_t weight_bytes() const override { return static_cast<int64_t>(panels_->bytes()) + stage_->bytes(); }
    int macs_per_ns() const override { return row_->macs_per_ns; }
    const PackedStage& stage() const { return *stage_; }

private:
    const ConvPoolRow* row_;
    const ConvPoolTile* tile_;
    GroupLayout layout_;
    std::shared_ptr<const Panels> panels_;
    std::shared_ptr<const PackedStage> stage_;
    int64_t outputs_, pixel_bytes_, lower_;
};

}  // namespace octavo

#endif
