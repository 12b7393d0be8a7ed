#include "ops/pixel_product.h"

#include <map>
#include <numeric>

namespace octavo {

PixelProduct::PixelProduct(const ConvLineRow& row, const GroupLayout& layout, const StageOperands& operands,
                           int64_t pixel_bytes, int macs_per_ns)
    : row_(&row), outputs_(operands.weights->outputs), pixel_bytes_(pixel_bytes), macs_per_ns_(macs_per_ns) {
    std::vector<int64_t> order(static_cast<size_t>(outputs_));
    std::iota(order.begin(), order.end(), 0);
    stage_ = pack_stage(operands, order);
    offsets_ = layout.offsets;
    groups_[0] = layout.groups();
    for (int64_t g = 0; g < layout.groups(); g++) pack(*operands.weights, layout.source.data() + 4 * g);
}

PixelProduct::PixelProduct(const ConvLineRow& row, const GroupLayout& layout, const StageOperands& operands,
                           int64_t pixel_bytes, int macs_per_ns, int64_t lower)
    : PixelProduct(row, layout, operands, pixel_bytes, macs_per_ns) {
    pooled_ = true;
    offsets_.clear();
    weights_.clear();
    // Which groups of the upper and of the lower line have the same bytes.
    std::map<int64_t, const int32_t*> of_upper, of_lower;
    for (int64_t g = 0; g < layout.groups(); g++) {
        const int64_t offset = layout.offsets[static_cast<size_t>(g)];
        of_upper[offset] = of_lower[offset + lower] = layout.source.data() + 4 * g;
    }
    for (int part = 0; part < 3; part++) {
        groups_[part] = 0;
        for (const auto& [offset, source] : part == 2 ? of_lower : of_upper) {
            const auto other = (part == 2 ? of_upper : of_lower).find(offset);
            const bool shared = other != (part == 2 ? of_upper : of_lower).end();
            if (shared != (part == 1)) continue;
            groups_[part]++;
            offsets_.push_back(static_cast<int32_t>(offset));
            pack(*operands.weights, source);
            if (shared) pack(*operands.weights, other->second);
        }
    }
}

// A group's weights, [outputs][4]. source: index along the depth of each of its four bytes.
void PixelProduct::pack(const DenseWeights& weights, const int32_t* source) {
    for (int64_t o = 0; o < outputs_; o++) {
        for (int64_t i = 0; i < 4; i++) {
            weights_.push_back(source[i] < 0 ? int8_t{0}
                                             : weights.values[static_cast<size_t>(o * weights.depth + source[i])]);
        }
    }
}

void PixelProduct::run(const Lines& lines, int64_t, int64_t) const noexcept {
    const ConvLineFn line = (pooled_ ? row_->pooled : row_->line)[pixel_bytes_ - 1][outputs_ - 1];
    const OutputStage stage = stage_.stage();
    ConvLineArgs args = {};
    args.offsets = offsets_.data();
    for (int part = 0; part < 3; part++) args.groups[part] = groups_[part];
    args.b = weights_.data();
    args.stage = &stage;
    args.pixels = pooled_ ? 2 * lines.pixels : lines.pixels;
    for (int64_t l = 0; l < lines.lines; l++) {
        args.a = lines.a + l * lines.line_bytes;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * outputs_;
        line(args);
    }
}

std::string PixelProduct::kernel() const {
    return std::string(pooled_ ? "max_pool2d_" : "") + "conv_line_u8s8_" + std::to_string(pixel_bytes_) + "to" +
           std::to_string(outputs_) + "_" + row_->isa;
}

int64_t PixelProduct::weight_bytes() const { return static_cast<int64_t>(weights_.size()) + stage_.bytes(); }

}  // namespace octavo
