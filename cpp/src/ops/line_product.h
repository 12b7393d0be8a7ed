// Integer products over lines of output pixels: what convolution and linear operators have in common, whichever kernel
// multiplies. A matrix is one line whose pixels are its rows.
#ifndef OCTAVO_OPS_LINE_PRODUCT_H
#define OCTAVO_OPS_LINE_PRODUCT_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/image_band.h"
#include "ops/output_stage.h"
#include "pack/filters.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// Some lines of one input. Results and residual are [lines * pixels, outputs] without gaps.
struct Lines {
    const uint8_t* a;       // first pixel's first tap
    int64_t line_bytes;     // in A, from line to line
    int64_t pixel_bytes;    // in A, from pixel to pixel
    int64_t lines, pixels;  // pixels: in a line
    int64_t first;          // the first line's number in the image, for products that pad
    void* c;
    const void* residual;  // null: none
    std::byte* scratch;    // scratch_bytes(lines * pixels), aligned for s32
};

class LineProduct {
public:
    virtual ~LineProduct() = default;
    // Only parts [first, end) of parts(): panels of output channels, for sharing few rows among threads.
    virtual void run(const Lines& lines, int64_t first, int64_t end) const noexcept = 0;
    virtual int64_t parts() const { return 1; }
    virtual size_t scratch_bytes(int64_t) const { return 0; }
    // Bytes that may be read behind the last byte of the last line's last tap.
    virtual int over_read() const = 0;
    virtual std::string kernel() const = 0;  // "gemm_u8s8_8x48c4_vnni"
    virtual std::string reason() const { return ""; }
    virtual int64_t weight_bytes() const = 0;
    // Multiply-adds a nanosecond, roughly.
    virtual int macs_per_ns() const = 0;
};

// Family gemm. Channel groups are panels that begin at other input channels.
class GemmProduct : public LineProduct {
public:
    // weights: [outputs, depth], output channels by channel group, `groups` of them, each with the columns `layout` describes
    // from byte group * group_bytes of a pixel. width: pixels of a line as they will come; 0: anything.
    GemmProduct(const GemmRow& row, GroupLayout layout, const StageOperands& operands, int groups, int64_t group_bytes,
                int64_t width);
    // The same with a given tile, for tests.
    GemmProduct(const GemmRow& row, const GemmTile& tile, GroupLayout layout, const StageOperands& operands, int groups,
                int64_t group_bytes);

    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int64_t parts() const override { return static_cast<int64_t>(panels_.panels().size()); }
    size_t scratch_bytes(int64_t pixels) const override;
    int over_read() const override { return layout_.over_read; }
    std::string kernel() const override;
    std::string reason() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->macs_per_ns; }

    // The stage that run uses unless it is given another; its arrays are by packed column.
    OutputStage stage() const { return stage_.stage(); }
    std::vector<int64_t> order() const { return panels_.order(); }
    void run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept;

private:
    void run_panel(const Panels& panels, const Panel& panel, int64_t column, const Lines& lines,
                   const OutputStage& stage, const int32_t* sums, int64_t outputs) const noexcept;

    const GemmRow* row_;
    GroupLayout layout_;
    Panels panels_;
    Panels ones_;  // one panel a channel group with weights 1, for the sums of rows: only with weight zero points
    AlignedArray<int32_t> zeros_;
    PackedStage stage_;
    int64_t outputs_;
    int groups_;
};

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

// Family depthwise.
class DepthwiseProduct : public LineProduct {
public:
    // offsets: bytes from a pixel's first tap to each tap.
    DepthwiseProduct(const DepthwiseRow& row, std::vector<int32_t> offsets, const StageOperands& operands);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override;
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return filters_.row().macs_per_ns; }

private:
    std::vector<int32_t> offsets_;
    Filters filters_;
    PackedStage stage_;
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
    ColumnFilters filters_;
    PackedStage stage_;
    AlignedArray<uint8_t> padding_;  // a row of the image
    uint8_t padding_code_;
};

}  // namespace octavo

#endif
