#include "ops/pooled_product.h"

#include <cmath>

#include "base/sizes.h"
#include "ops/packing.h"

namespace octavo {

namespace {

// The tile whose panels hold the fewest columns beyond the outputs; of two, the wider one.
const ConvPoolTile& choose_tile(const ConvPoolRow& row, int64_t outputs) {
    const ConvPoolTile* best = row.tiles;
    for (int i = 1; i < row.tile_count; i++) {
        const ConvPoolTile* tile = row.tiles + i;
        if (round_up<int64_t>(outputs, tile->panel.columns) <= round_up<int64_t>(outputs, best->panel.columns))
            best = tile;
    }
    return *best;
}

}  // namespace

PooledProduct::PooledProduct(const ConvPoolRow& row, GroupLayout layout, const StageOperands& operands,
                             int64_t pixel_bytes, int64_t lower)
    : row_(&row),
      tile_(&choose_tile(row, operands.weights->outputs)),
      layout_(std::move(layout)),
      panels_(pack_panels(tile_->panel, layout_, operands, 1, 0)),
      stage_(pack_stage(operands, panels_->order())),
      outputs_(operands.weights->outputs),
      pixel_bytes_(pixel_bytes),
      lower_(lower) {}

void PooledProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    const OutputStage stage = stage_->stage();
    const int64_t passes = ceil_div<int64_t>(lines.pixels, tile_->panel.rows);
    const int64_t rows = lines.pixels / passes, longer = lines.pixels % passes;
    ConvPoolArgs args = {};
    args.lower = lower_;
    args.gemm.a_stride = pixel_bytes_;
    args.gemm.offsets = layout_.offsets.data();
    args.gemm.groups = layout_.groups();
    args.gemm.stage = &stage;
    args.gemm.c_stride = outputs_;
    for (int64_t p = first; p < end; p++) {
        const Panel& panel = panels_->panels()[static_cast<size_t>(p)];
        args.gemm.b = panels_->data(panel);
        args.gemm.column = p * tile_->panel.columns;
        args.gemm.columns = panel.columns;
        for (int64_t line = 0; line < lines.lines; line++) {
            int64_t pixel = 0;
            for (int64_t pass = 0; pass < passes; pass++) {
                const int64_t count = rows + (pass < longer ? 1 : 0);
                args.gemm.a = lines.a + line * lines.line_bytes + pixel * lines.pixel_bytes;
                args.gemm.c = static_cast<uint8_t*>(lines.c) + (line * lines.pixels + pixel) * outputs_ + panel.output;
                tile_->fns[count - 1](args);
                pixel += count;
            }
        }
    }
}

std::string PooledProduct::kernel() const {
    return "max_pool2d_gemm_u8s8_" + std::to_string(4 * tile_->panel.rows) + "x" +
           std::to_string(tile_->panel.columns) + "c4_" + row_->isa;
}

}  // namespace octavo
