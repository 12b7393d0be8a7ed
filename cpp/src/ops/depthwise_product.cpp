#include "ops/depthwise_product.h"

#include <algorithm>

namespace octavo {

DepthwiseProduct::DepthwiseProduct(const DepthwiseRow& row, std::vector<int32_t> offsets, const StageOperands& operands)
    : offsets_(std::move(offsets)),
      filters_(row, operands.weights->values.data(), operands.weights->outputs, operands.weights->depth),
      stage_(pack_stage(operands, filters_.order())),
      channels_(operands.weights->outputs) {
    offsets_.resize(static_cast<size_t>(filters_.taps()), offsets_.back());
}

void DepthwiseProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const OutputStage stage = stage_.stage();
    DepthwiseArgs args = {};
    args.pixel_stride = lines.pixel_bytes;
    args.offsets = offsets_.data();
    args.taps = filters_.taps();
    args.b = filters_.data();
    args.stage = &stage;
    args.pixels = lines.pixels;
    args.channels = channels_;
    for (int64_t l = 0; l < lines.lines; l++) {
        args.a = lines.a + l * lines.line_bytes;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * channels_;
        filters_.row().line(args);
    }
}

int DepthwiseProduct::over_read() const {
    return channels_ % filters_.row().channels == 0 ? 0 : filters_.row().over_read;
}

std::string DepthwiseProduct::kernel() const {
    const DepthwiseRow& row = filters_.row();
    return std::string("depthwise_u8s8_") + std::to_string(row.channels) + "c" + std::to_string(row.taps_grouped) +
           "_" + row.isa;
}

int64_t DepthwiseProduct::weight_bytes() const { return static_cast<int64_t>(filters_.bytes()) + stage_.bytes(); }

bool DepthwiseColumnsProduct::fits(const DepthwiseRow& row, const ConvGeometry& g) {
    return row.block_count > 0 && (g.kernel_h == 3 || g.kernel_h == 5) && g.kernel_w == g.kernel_h && g.stride_w <= 2 &&
           g.dilation_w == 1 && g.channels >= row.blocks[row.block_count - 1].channels;
}

DepthwiseColumnsProduct::DepthwiseColumnsProduct(const DepthwiseRow& row, const ConvGeometry& geometry,
                                                 const StageOperands& operands)
    : row_(&row),
      geometry_(geometry),
      filters_(row, operands.weights->values.data(), geometry.channels, geometry.kernel_h, geometry.stride_w),
      stage_(pack_stage(operands, filters_.order())),
      padding_(static_cast<size_t>(geometry.width * geometry.channels)),
      padding_code_(static_cast<uint8_t>(operands.x.zero_point)) {
    std::fill(padding_.begin(), padding_.end(), padding_code_);
}

void DepthwiseColumnsProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const ConvGeometry& g = geometry_;
    const int64_t kernel = g.kernel_h, row_bytes = g.width * g.channels;
    // A block's lines are taken together while the rows that all blocks read, one after the other, stay in L2.
    constexpr int64_t most_lines = 32, near_bytes = 128 * 1024;
    const int64_t together = std::clamp<int64_t>(near_bytes / (row_bytes * g.stride_h), 1, most_lines);
    const OutputStage stage = stage_.stage();
    const uint8_t* rows[most_lines * 5];
    DepthwiseColumnsArgs args = {};
    args.rows = rows;
    args.left = g.pad_left;
    args.width = g.width;
    args.channels = g.channels;
    args.padding = padding_code_;
    args.rows_follow = g.dilation_h == 1 && g.stride_h == g.stride_w;
    args.pixels = lines.pixels;
    for (int64_t l = 0; l < lines.lines; l += together) {
        args.lines = std::min(together, lines.lines - l);
        const uint8_t** row = rows;
        for (int64_t i = l; i < l + args.lines; i++) {
            for (int64_t k = 0; k < kernel; k++) {
                const int64_t from_a = i * g.stride_h + k * g.dilation_h - g.pad_top;
                const int64_t y = lines.first * g.stride_h + from_a;
                *row++ = y >= 0 && y < g.height ? lines.a + from_a * row_bytes : padding_.data();
            }
        }
        uint8_t* c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * g.channels;
        for (const ColumnFilters::Block& block : filters_.blocks()) {
            OutputStage block_stage = stage;
            block_stage.start += block.column;
            block_stage.multiplier += block.column;
            if (stage.bias != nullptr) block_stage.bias += block.column;
            args.channel = block.channel;
            args.b = filters_.data(block);
            args.stage = &block_stage;
            args.c = c + block.channel;
            block.kernel->lines(args);
        }
    }
}

std::string DepthwiseColumnsProduct::kernel() const {
    const std::string size = std::to_string(geometry_.kernel_h);
    return "depthwise_u8s8_" + size + "x" + size + "_" + std::to_string(filters_.blocks().front().channels) + "c" +
           std::to_string(row_->taps_grouped) + "_" + row_->isa;
}

int64_t DepthwiseColumnsProduct::weight_bytes() const {
    return static_cast<int64_t>(filters_.bytes() + padding_.bytes()) + stage_.bytes();
}

}  // namespace octavo
