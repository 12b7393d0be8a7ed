// Lines of pixels by family depthwise.
#ifndef OCTAVO_OPS_DEPTHWISE_PRODUCT_H
#define OCTAVO_OPS_DEPTHWISE_PRODUCT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/image_band.h"
#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/filters.h"
#include "registry/products.h"

namespace octavo {

// Family depthwise.
class DepthwiseProduct : public LineProduct {
public:
    // As over_read() of a product of so many channels.
    static int over_read_of(const DepthwiseRow& row, int64_t channels) {
        return channels % row.channels == 0 ? 0 : row.over_read;
    }
    // offsets: bytes from a pixel's first tap to each tap.
    DepthwiseProduct(const DepthwiseRow& row, std::vector<int32_t> offsets, const StageOperands& operands);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override { return over_read_of(filters_->row(), channels_); }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return filters_->row().macs_per_ns; }

private:
    std::vector<int32_t> offsets_;
    std::shared_ptr<const Filters> filters_;
    std::shared_ptr<const PackedStage> stage_;
    int64_t channels_;
};

// Family depthwise by columns of taps. It pads: lines.a is the image's row lines.first * stride, nothing outside the image is read.
class DepthwiseColumnsProduct : public LineProduct {
public:
    static bool fits(const DepthwiseRow& row, const ConvGeometry& geometry);
    DepthwiseColumnsProduct(const DepthwiseRow& row, const ConvGeometry& geometry, const StageOperands& operands);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override { return 0; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->columns_macs_per_ns; }

private:
    const DepthwiseRow* row_;
    ConvGeometry geometry_;
    std::shared_ptr<const ColumnFilters> filters_;
    std::shared_ptr<const PackedStage> stage_;
    AlignedArray<uint8_t> padding_;  // a row of the image
    uint8_t padding_code_;
};

// Family depthwise by images of a known width. It pads, as the product by columns does.
class DepthwiseImageProduct : public LineProduct {
public:
    // The kernel for this geometry; null: none.
    static const DepthwiseImage* kernel_for(const DepthwiseRow& row, const ConvGeometry& geometry);
    DepthwiseImageProduct(const DepthwiseRow& row, const DepthwiseImage& image, const ConvGeometry& geometry,
                          const StageOperands& operands);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override { return 0; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->columns_macs_per_ns; }

private:
    void make_lines(const StageOperands& operands);

    const DepthwiseRow* row_;
    const DepthwiseImage* image_;
    ConvGeometry geometry_;
    std::shared_ptr<const ImageFilters> filters_;
    std::shared_ptr<const PackedStage> stage_;
    std::vector<DepthwiseImageLine> lines_;  // of the output
    AlignedArray<int32_t> starts_;           // empty: those of the stage serve all lines and pixels
    int64_t block_starts_ = 16;
};

}  // namespace octavo

#endif
