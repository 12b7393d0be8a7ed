#include "ops/depthwise_product.h"

#include <algorithm>
#include <utility>

#include "ops/packing.h"

namespace octavo {
DepthwiseProduct::DepthwiseProduct(const DepthwiseRow& row, std::vector<int32_t> offsets, const StageOperands& operands)
    : offsets_(std::move(offsets)),
      filters_(pack_weights(
          operands, "filters", [&](Hash& key) { key.add(&row); },
          [&] {
              const DenseWeights& weights = *operands.weights;
              return Filters(row, weights.values.data(), weights.outputs, weights.depth);
          })),
      stage_(pack_stage(operands, filters_->order())),
      channels_(operands.weights->outputs) {
    offsets_.resize(static_cast<size_t>(filters_->taps()), offsets_.back());
}

void DepthwiseProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const OutputStage stage = stage_->stage();
    DepthwiseArgs args = {};
    args.pixel_stride = lines.pixel_bytes;
    args.offsets = offsets_.data();
    args.taps = filters_->taps();
    args.b = filters_->data();
    args.stage = &stage;
    args.pixels = lines.pixels;
    args.channels = channels_;
    for (int64_t l = 0; l < lines.lines; l++) {
        args.a = lines.a + l * lines.line_bytes;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * channels_;
        filters_->row().line(args);
    }
}

std::string DepthwiseProduct::kernel() const {
    const DepthwiseRow& row = filters_->row();
    return std::string("depthwise_u8s8_") + std::to_string(row.channels) + "c" + std::to_string(row.taps_grouped) +
           "_" + row.isa;
}

int64_t DepthwiseProduct::weight_bytes() const { return static_cast<int64_t>(filters_->bytes()) + stage_->bytes(); }

bool DepthwiseColumnsProduct::fits(const DepthwiseRow& row, const ConvGeometry& g) {
    return row.block_count > 0 && (g.kernel_h == 3 || g.kernel_h == 5) && g.kernel_w == g.kernel_h && g.stride_w <= 2 &&
           g.dilation_w == 1 && g.channels >= row.blocks[row.block_count - 1].channels;
}

DepthwiseColumnsProduct::DepthwiseColumnsProduct(const DepthwiseRow& row, const ConvGeometry& geometry,
                                                 const StageOperands& operands)
    : row_(&row),
      geometry_(geometry),
      filters_(pack_weights(
          operands, "filters by columns",
          [&](Hash& key) { key.add(&row).add(geometry.kernel_h).add(geometry.stride_w); },
          [&] {
              return ColumnFilters(row, operands.weights->values.data(), geometry.channels, geometry.kernel_h,
                                   geometry.stride_w);
          })),
      stage_(pack_stage(operands, filters_->order())),
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
    const OutputStage stage = stage_->stage();
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
        for (const ColumnFilters::Block& block : filters_->blocks()) {
            OutputStage block_stage = stage;
            block_stage.start += block.column;
            block_stage.multiplier += block.column;
            if (stage.bias != nullptr) block_stage.bias += block.column;
            args.channel = block.channel;
            args.b = filters_->data(block);
            args.stage = &block_stage;
            args.c = c + block.channel;
            block.kernel->lines(args);
        }
    }
}

std::string DepthwiseColumnsProduct::kernel() const {
    const std::string size = std::to_string(geometry_.kernel_h);
    return "depthwise_u8s8_" + size + "x" + size + "_" + std::to_string(filters_->blocks().front().channels) + "c" +
           std::to_string(row_->taps_grouped) + "_" + row_->isa;
}

int64_t DepthwiseColumnsProduct::weight_bytes() const {
    return static_cast<int64_t>(filters_->bytes() + padding_.bytes()) + stage_->bytes();
}

const DepthwiseImage* DepthwiseImageProduct::kernel_for(const DepthwiseRow& row, const ConvGeometry& g) {
    for (int i = 0; i < row.image_count; i++) {
        const DepthwiseImage& image = row.images[i];
        if (g.kernel_h == image.kernel && g.kernel_w == image.kernel && g.stride_w == image.stride &&
            g.width == image.width && g.pad_left == (image.kernel - 1) / 2 &&
            g.out_width == (g.width - 1) / image.stride + 1 && g.dilation_h == 1 && g.dilation_w == 1 &&
            g.channels >= 16) {
            return &image;
        }
    }
    return nullptr;
}

DepthwiseImageProduct::DepthwiseImageProduct(const DepthwiseRow& row, const DepthwiseImage& image,
                                             const ConvGeometry& geometry, const StageOperands& operands)
    : row_(&row),
      image_(&image),
      geometry_(geometry),
      filters_(pack_weights(
          operands, "filters of images", [&](Hash& key) { key.add(&image); },
          [&] { return ImageFilters(image, operands.weights->values.data(), geometry.channels); })),
      stage_(pack_stage(operands, filters_->order())) {
    make_lines(operands);
}

// Taps outside the image, which the kernel leaves out, would meet the zero point: its part is added to the starts.
void DepthwiseImageProduct::make_lines(const StageOperands& operands) {
    const ConvGeometry& g = geometry_;
    const int classes = image_->classes, zero_point = operands.x.zero_point;
    std::vector<std::pair<int, int>> line_classes;
    for (int64_t y = 0; y < g.out_height; y++) {
        const int64_t row = y * g.stride_h - g.pad_top, kernel = g.kernel_h;
        const int first = static_cast<int>(std::clamp<int64_t>(-row, 0, kernel)),
                  end = std::max(first, static_cast<int>(std::clamp<int64_t>(g.height - row, 0, kernel)));
        const auto taps = std::make_pair(first, end);
        const auto at = std::find(line_classes.begin(), line_classes.end(), taps);
        const auto line_class = static_cast<int>(at - line_classes.begin());
        if (at == line_classes.end()) line_classes.push_back(taps);
        lines_.push_back({static_cast<int32_t>(row), first, end, zero_point == 0 ? 0 : line_class * classes * 16});
    }
    if (zero_point == 0) return;
    block_starts_ = static_cast<int64_t>(line_classes.size()) * classes * 16;
    const std::vector<int64_t>& order = filters_->order();
    starts_ = AlignedArray<int32_t>(order.size() / 16 * static_cast<size_t>(block_starts_));
    int32_t* start = starts_.data();
    for (size_t block = 0; block < order.size(); block += 16) {
        for (const auto& [first, end] : line_classes) {
            for (int i = 0; i < classes; i++) {
                for (size_t n = block; n < block + 16; n++, start++) {
                    const int8_t* filter = operands.weights->values.data() + order[n] * g.kernel_h * g.kernel_w;
                    int outside = 0;
                    for (int64_t y = 0; y < g.kernel_h; y++) {
                        for (int64_t x = 0; x < g.kernel_w; x++, filter++) {
                            const bool inside =
                                y >= first && y < end && x >= image_->class_taps[i][0] && x < image_->class_taps[i][1];
                            outside += inside ? 0 : *filter;
                        }
                    }
                    // Wraps like the sums themselves.
                    *start = static_cast<int32_t>(static_cast<uint32_t>(stage_->start[n]) +
                                                  static_cast<uint32_t>(zero_point * outside));
                }
            }
        }
    }
}

void DepthwiseImageProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const ConvGeometry& g = geometry_;
    const OutputStage stage = stage_->stage();
    DepthwiseImageArgs args = {};
    args.a = lines.a - lines.first * g.stride_h * g.width * g.channels;
    args.channels = g.channels;
    args.b = filters_->data();
    args.stage = &stage;
    args.starts = starts_.empty() ? stage.start : starts_.data();
    args.block_starts = block_starts_;
    args.class_starts = starts_.empty() ? 0 : 16;
    for (int64_t l = 0; l < lines.lines; l += args.line_count) {
        args.lines = lines_.data() + lines.first + l;
        args.first_row = std::clamp<int64_t>(args.lines->row, 0, g.height);
        args.line_count = 1;
        // As many lines as there is room for their rows.
        const auto end_of = [&](int64_t line) {
            return std::clamp<int64_t>(args.lines[line].row + g.kernel_h, args.first_row, g.height);
        };
        while (l + args.line_count < lines.lines && end_of(args.line_count) - args.first_row <= depthwise_image_rows)
            args.line_count++;
        args.rows = end_of(args.line_count - 1) - args.first_row;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * g.channels;
        image_->lines(args);
    }
}

std::string DepthwiseImageProduct::kernel() const {
    const std::string size = std::to_string(geometry_.kernel_h);
    return "depthwise_u8s8_" + size + "x" + size + "_16c" + std::to_string(row_->taps_grouped) + "w" +
           std::to_string(geometry_.width) + "_" + row_->isa;
}

int64_t DepthwiseImageProduct::weight_bytes() const {
    return static_cast<int64_t>(filters_->bytes() + starts_.bytes()) + stage_->bytes();
}

}  // namespace octavo
