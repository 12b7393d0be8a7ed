// Lines of pixels by family conv.
#ifndef OCTAVO_OPS_PIXEL_PRODUCT_H
#define OCTAVO_OPS_PIXEL_PRODUCT_H

#include <cstdint>
#include <string>

#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// Family conv: few input and output channels, pixels in lanes.
class PixelProduct : public LineProduct {
public:
    PixelProduct(const ConvLineRow& row, GroupLayout layout, const StageOperands& operands, int64_t pixel_bytes,
                 int macs_per_ns);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override { return 64; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return macs_per_ns_; }

private:
    const ConvLineRow* row_;
    GroupLayout layout_;
    AlignedArray<int8_t> weights_;
    PackedStage stage_;
    int64_t outputs_, pixel_bytes_;
    int macs_per_ns_;
};

}  // namespace octavo

#endif
