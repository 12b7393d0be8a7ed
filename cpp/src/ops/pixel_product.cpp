#include "ops/pixel_product.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace octavo {

PixelProduct::PixelProduct(const ConvLineRow& row, const GroupLayout& layout, const StageOperands& operands,
                           int64_t pixel_bytes, int macs_per_ns, int64_t lower)
    : row_(&row),
      outputs_(operands.weights->outputs),
      pixel_bytes_(pixel_bytes),
      macs_per_ns_(macs_per_ns),
      lower_(lower) {
    std::vector<int64_t> order(static_cast<size_t>(outputs_));
    std::iota(order.begin(), order.end(), 0);
    stage_ = pack_stage(operands, order);
    // Groups of the upper line, of both where they have the same bytes, of the lower.
    std::map<int64_t, const int32_t*> of_line[2];
    for (int64_t g = 0; g < layout.groups(); g++) {
        const int64_t offset = layout.offsets[static_cast<size_t>(g)];
        of_line[0][offset] = layout.source.data() + 4 * g;
        if (pooled()) of_line[1][offset + lower] = layout.source.data() + 4 * g;
    }
    std::vector<Group> parts[3];
    for (int line = 0; line < 2; line++) {
        for (const auto& [offset, source] : of_line[line]) {
            const auto other = of_line[1 - line].find(offset);
            const bool shared = other != of_line[1 - line].end();
            if (shared && line == 1) continue;
            Group group = {offset, {}};
            std::copy_n(source, 4, group.source[line]);
            if (shared) std::copy_n(other->second, 4, group.source[1]);
            parts[shared ? 1 : 2 * line].push_back(group);
        }
    }
    std::vector<Group> joined;
    join(&parts[pooled() ? 1 : 0], &joined);
    for (int part = 0; part < 3; part++) {
        groups_[part] = static_cast<int64_t>(parts[part].size());
        for (const Group& group : parts[part]) {
            offsets_.push_back(static_cast<int32_t>(group.offset));
            if (part < 2) pack(*operands.weights, group.source[0]);
            if (part > 0) pack(*operands.weights, group.source[1]);
        }
    }
    for (const Group& group : joined) {
        pack(*operands.weights, group.source[0]);
        if (pooled()) pack(*operands.weights, group.source[1]);
    }
}

// Takes out the groups that are not full and joins their bytes, where the products saved outweigh the permutes.
void PixelProduct::join(std::vector<Group>* groups, std::vector<Group>* joined) {
    const int lines = pooled() ? 2 : 1;
    std::vector<Group> full, made;
    std::vector<std::vector<ConvPiece>> pieces;
    size_t each = 0;
    int64_t bytes = 0, partial = 0;
    for (const Group& group : *groups) {
        const auto used = [&](int i) { return group.source[0][i] >= 0 || (lines == 2 && group.source[1][i] >= 0); };
        if (used(0) && used(1) && used(2) && used(3)) {
            full.push_back(group);
            continue;
        }
        partial++;
        for (int i = 0; i < 4; i++) {
            if (!used(i)) continue;
            const int64_t place = bytes++ % 4, offset = group.offset + i - place;
            if (offset < 0) return;
            if (place == 0) {
                made.push_back({0, {{-1, -1, -1, -1}, {-1, -1, -1, -1}}});
                pieces.emplace_back();
            }
            std::vector<ConvPiece>& last = pieces.back();
            if (last.empty() || last.back().offset != offset) last.push_back({offset, 0});
            last.back().bytes |= uint64_t{0x1111111111111111} << place;
            for (int line = 0; line < lines; line++) made.back().source[line][place] = group.source[line][i];
            each = std::max(each, last.size());
        }
    }
    const int64_t saved = (partial - static_cast<int64_t>(made.size())) * outputs_ * lines;
    const int64_t permutes = static_cast<int64_t>(made.size() * each) - partial;
    if (saved <= 2 * permutes) return;
    for (std::vector<ConvPiece>& some : pieces) {
        some.resize(each, {some[0].offset, 0});
        pieces_.insert(pieces_.end(), some.begin(), some.end());
    }
    joined_ = static_cast<int64_t>(made.size());
    pieces_each_ = static_cast<int64_t>(each);
    *groups = std::move(full);
    *joined = std::move(made);
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
    const ConvLineFn line = (pooled() ? row_->pooled : row_->line)[pixel_bytes_ - 1][outputs_ - 1];
    const OutputStage stage = stage_->stage();
    ConvLineArgs args = {};
    args.offsets = offsets_.data();
    for (int part = 0; part < 3; part++) args.groups[part] = groups_[part];
    args.pieces = pieces_.data();
    args.joined = joined_;
    args.pieces_each = pieces_each_;
    args.b = weights_.data();
    args.stage = &stage;
    args.pixels = pooled() ? 2 * lines.pixels : lines.pixels;
    for (int64_t l = 0; l < lines.lines; l++) {
        args.a = lines.a + l * lines.line_bytes;
        args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * outputs_;
        line(args);
    }
}

std::string PixelProduct::kernel() const {
    return std::string(pooled() ? "max_pool2d_" : "") + "conv_line_u8s8_" + std::to_string(pixel_bytes_) + "to" +
           std::to_string(outputs_) + "_" + row_->isa;
}

int64_t PixelProduct::weight_bytes() const { return static_cast<int64_t>(weights_.size()) + stage_->bytes(); }

}  // namespace octavo
