#include "ops/pixel_product.h"

namespace octavo {

PixelProduct::PixelProduct(const ConvLineRow& row, GroupLayout layout, const StageOperands& operands,
                           int64_t pixel_bytes, int macs_per_ns)
    : row_(&row),
      layout_(std::move(layout)),
      outputs_(operands.weights->outputs),
      pixel_bytes_(pixel_bytes),
      macs_per_ns_(macs_per_ns) {
    const DenseWeights& weights = *operands.weights;
    weights_ = AlignedArray<int8_t>(static_cast<size_t>(layout_.groups() * outputs_ * 4));
    std::vector<int64_t> order;
    for (int64_t o = 0; o < outputs_; o++) {
        order.push_back(o);
        for (int64_t g = 0; g < layout_.groups(); g++) {
            for (int64_t i = 0; i < 4; i++) {
                const int32_t k = layout_.source[static_cast<size_t>(4 * g + i)];
                if (k < 0) continue;
                weights_[static_cast<size_t>((g * outputs_ + o) * 4 + i)] =
                    weights.values[static_cast<size_t>(o * weights.depth + k)];
            }
        }
    }
    stage_ = pack_stage(operands, order);
}

void PixelProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const ConvLineFn line = row_->line[pixel_bytes_ - 1][outputs_ - 1];
    const OutputStage stage = stage_.stage();
    ConvLineArgs args = {};
    args.offsets = layout_.offsets.data();
    args.groups = layout_.groups();
    args.b = weights_.data();
    args.stage = &stage;
    args.pixels = lines.pixels;
    for (int64_t l = 0; l < lines.lines; l++) {
        args.a = lines.a + l * lines.line_bytes;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * outputs_;
        line(args);
    }
}

std::string PixelProduct::kernel() const {
    return "conv_line_u8s8_" + std::to_string(pixel_bytes_) + "to" + std::to_string(outputs_) + "_" + row_->isa;
}

int64_t PixelProduct::weight_bytes() const { return static_cast<int64_t>(weights_.bytes()) + stage_.bytes(); }

}  // namespace octavo
