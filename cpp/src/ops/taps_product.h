// Lines of pixels by family taps.
#ifndef OCTAVO_OPS_TAPS_PRODUCT_H
#define OCTAVO_OPS_TAPS_PRODUCT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/borders.h"
#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// A padded convolution with kernels three taps wide. Channel groups are panels that begin at other input channels.
class TapsProduct : public LineProduct {
public:
    // True for a padded convolution whose lines are whole tiles and whose panels of weights stay in L1; channels: that meet at
    // a tap. Borders::fit is the caller's to ask.
    static bool fits(const TapsRow& row, const ConvGeometry& geometry, int64_t channels);

    // layout: columns of taps, offsets from a line's first pixel, taps of whole groups; weights and groups as for GemmProduct.
    TapsProduct(const TapsRow& row, const GroupLayout& layout, const StageOperands& operands, int groups,
                int64_t group_bytes, const ConvGeometry& geometry);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int64_t parts() const override { return static_cast<int64_t>(panels_->panels().size()); }
    int over_read() const override { return 0; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->macs_per_ns; }

private:
    const TapsRow* row_;
    std::vector<int32_t> offsets_;  // of the first column of taps
    std::shared_ptr<const Panels> panels_;
    std::shared_ptr<const PackedStage> stage_;
    Borders borders_;
    int64_t outputs_;
    int pixels_;  // of a tile
    TapsFn function_;
};

}  // namespace octavo

#endif
