#include "ops/taps_product.h"

#include <algorithm>

#include "base/sizes.h"
#include "ops/packing.h"

namespace octavo {

namespace {

// Pixels of equal tiles that fill a line, as many as possible; 0: there are none.
int tile_pixels(const TapsRow& row, int64_t width) {
    for (int pixels = row.panel.rows; pixels >= row.least; pixels--) {
        if (width % pixels == 0) return pixels;
    }
    return 0;
}

}  // namespace

bool TapsProduct::fits(const TapsRow& row, const ConvGeometry& g, int64_t channels) {
    constexpr int64_t near = 24 * 1024;  // of L1, where the image passes too
    return g.kernel_w == 3 && g.dilation_w == 1 && g.stride_w <= 2 && tile_pixels(row, g.out_width) > 0 &&
           g.kernel_h * 3 * channels * row.panel.columns <= near && Borders::misses_columns(g) &&
           Borders::least_rows(g) * channels >= 16;
}

TapsProduct::TapsProduct(const TapsRow& row, const GroupLayout& layout, const StageOperands& operands, int groups,
                         int64_t group_bytes, const ConvGeometry& g)
    : row_(&row),
      offsets_(layout.offsets.begin(), layout.offsets.begin() + layout.groups() / 3),
      panels_(pack_panels(row.panel, layout, operands, groups, group_bytes)),
      stage_(pack_stage(operands, panels_->order())),
      borders_(g, layout.groups() / (g.kernel_h * 3), operands, panels_->order(), stage_->start),
      outputs_(operands.weights->outputs),
      pixels_(tile_pixels(row, g.out_width)),
      function_(row.functions[g.stride_w - 1][pixels_ - row.least]) {}

void TapsProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    const OutputStage stage = stage_->stage();
    TapsArgs args = {};
    GemmArgs& gemm = args.gemm;
    gemm.rows = pixels_;
    gemm.tiles = lines.pixels / pixels_;
    gemm.ends = borders_.ends();
    gemm.offsets = offsets_.data();
    gemm.groups = static_cast<int64_t>(offsets_.size());
    gemm.a_stride = lines.pixel_bytes;
    gemm.stage = &stage;
    gemm.c_stride = outputs_;
    gemm.residual_stride = outputs_;
    args.lines = lines.lines;
    args.line_bytes = lines.line_bytes;
    args.kinds = borders_.line_taps();
    args.kind_of_line = borders_.kinds_of_lines() + lines.first;
    for (int64_t p = first; p < end; p++) {
        const Panel& panel = panels_->panels()[static_cast<size_t>(p)];
        gemm.a = lines.a + panel.a_offset;
        gemm.c = static_cast<uint8_t*>(lines.c) + panel.output;
        gemm.residual =
            lines.residual == nullptr ? nullptr : static_cast<const uint8_t*>(lines.residual) + panel.output;
        gemm.b = panels_->data(panel);
        gemm.column = p * panels_->tile().columns;
        gemm.columns = panel.columns;
        function_(args);
    }
}

std::string TapsProduct::kernel() const {
    return "taps_u8s8_" + std::to_string(pixels_) + "x" + std::to_string(panels_->tile().columns) + "c4_" + row_->isa;
}

int64_t TapsProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_->bytes()) + stage_->bytes() + borders_.bytes();
}

}  // namespace octavo
