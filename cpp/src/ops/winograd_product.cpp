#include "ops/winograd_product.h"

#include <algorithm>

#include "base/sizes.h"
#include "cpu/isa.h"
#include "ops/packing.h"

namespace octavo {

namespace {

// The transformed filters take eight times the bytes of the weights: no more than this.
constexpr int64_t most_weight_bytes = 8 << 20;

// Taps of all pixels along one side that lie inside the image.
int64_t taps_inside(int64_t size, int64_t out, int64_t pad) {
    int64_t count = 0;
    for (int64_t tap = 0; tap < 3; tap++)
        count += std::max<int64_t>(0, std::min(out, size + pad - tap) - std::max<int64_t>(0, pad - tap));
    return count;
}

int64_t tiles_of(int64_t pixels) { return ceil_div<int64_t>(pixels, winograd_pixels); }

}  // namespace

bool WinogradProduct::fits(const ConvGeometry& g, const StageOperands& operands) {
    const DenseWeights& weights = *operands.weights;
    const auto extremes = [&] {
        return shared_or_made(
            operands.shared, "extremes", [&](Hash& key) { weights.describe_values(key); },
            [&] { return WinogradPanels::extremes(weights.values.data(), weights.outputs, weights.depth); },
            SharedObjects::Kept::always);
    };
    return g.kernel_h == 3 && g.kernel_w == 3 && g.stride_h == 1 && g.stride_w == 1 && g.dilation_h == 1 &&
           g.dilation_w == 1 && g.groups == 1 && g.channels % winograd_channels == 0 && !weights.has_zero_points() &&
           WinogradPanels::hold(*extremes(), operands.x.code_max);
}

bool WinogradProduct::pays(const WinogradRow& row, const ConvGeometry& g) {
    const int64_t columns = round_up<int64_t>(g.outputs, row.columns);
    if (winograd_positions * g.channels * columns * 2 > most_weight_bytes) return false;
    const int64_t tiles = tiles_of(g.out_height) * tiles_of(g.out_width);
    const int64_t cost =
        tiles * (winograd_positions * g.channels * columns + row.input_cost * g.channels + row.output_cost * columns);
    const int64_t taps = taps_inside(g.height, g.out_height, g.pad_top) * taps_inside(g.width, g.out_width, g.pad_left);
    const int64_t direct = taps * g.channels * g.outputs;
    return 100 * cost < row.direct_cost * direct;
}

WinogradProduct::WinogradProduct(const WinogradRow& row, const ConvGeometry& geometry, const StageOperands& operands)
    : row_(&row),
      geometry_(geometry),
      padding_(static_cast<uint8_t>(operands.x.zero_point)),
      flip_(operands.x.flip ? 0x80 : 0),
      panels_(pack_weights(
          operands, "tiles", [&](Hash& key) { key.add(row.columns); },
          [&] {
              return WinogradPanels(row.columns, operands.weights->values.data(), geometry.outputs, geometry.channels,
                                    packing_threads(operands));
          })),
      stage_(pack_stage(operands, panels_->order())) {}

int64_t WinogradProduct::most_tiles() const {
    // Filters from beyond L2 are to meet many tiles.
    const bool far = panels_->bytes() > cache_bytes(2) / 2;
    return std::max<int64_t>(
        1, static_cast<int64_t>(cache_bytes(2) / (far ? 2 : 4)) / (winograd_positions * geometry_.channels * 2));
}

WinogradProduct::Block WinogradProduct::block_of(int64_t rows) const {
    const int64_t most = most_tiles(), tiles = tiles_of(geometry_.out_width);
    Block block = {1, ceil_div(tiles, ceil_div(tiles, most)), 0, 0};
    if (block.tiles == tiles) block.rows = ceil_div(rows, ceil_div(rows, most / tiles));
    block.plane = odd_lines(block.rows * block.tiles * geometry_.channels * 2);
    block.sums_plane = odd_lines(block.rows * block.tiles * row_->columns * 4);
    return block;
}

size_t WinogradProduct::scratch_bytes(int64_t pixels) const {
    const int64_t tiles = tiles_of(geometry_.out_width);
    const int64_t together = std::min(most_tiles(), tiles * tiles_of(ceil_div(pixels, geometry_.out_width)));
    return static_cast<size_t>(
        winograd_positions * (odd_lines(together * geometry_.channels * 2) + odd_lines(together * row_->columns * 4)));
}

void WinogradProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    const int64_t rows = tiles_of(lines.lines), tiles = tiles_of(geometry_.out_width);
    const Block most = block_of(rows);
    const OutputStage stage = stage_->stage();
    Block block = most;
    for (int64_t row = 0; row < rows; row += most.rows) {
        block.rows = std::min(most.rows, rows - row);
        for (int64_t tile = 0; tile < tiles; tile += most.tiles) {
            block.tiles = std::min(most.tiles, tiles - tile);
            run_block(lines, block, row, tile, first, end, stage);
        }
    }
}

void WinogradProduct::run_block(const Lines& lines, const Block& block, int64_t row, int64_t tile, int64_t first,
                                int64_t end, const OutputStage& stage) const noexcept {
    const ConvGeometry& g = geometry_;
    auto* const words = reinterpret_cast<uint8_t*>(lines.scratch);
    uint8_t* const sums = words + winograd_positions * block.plane;
    WinogradInput in = {};
    in.a = lines.a - lines.first * lines.line_bytes;
    in.height = g.height;
    in.width = g.width;
    in.channels = g.channels;
    in.left = winograd_pixels * tile - g.pad_left;
    in.tiles = block.tiles;
    in.padding = padding_;
    in.flip = flip_;
    in.plane = block.plane;
    for (int64_t i = 0; i < block.rows; i++) {
        in.top = lines.first + winograd_pixels * (row + i) - g.pad_top;
        in.words = words + i * block.tiles * g.channels * 2;
        row_->input(in);
    }
    WinogradProducts products = {};
    products.words = words;
    products.plane = block.plane;
    products.tiles = block.rows * block.tiles;
    products.channels = g.channels;
    products.sums = sums;
    products.sums_plane = block.sums_plane;
    WinogradOutput out = {};
    out.stage = &stage;
    out.c_stride = out.residual_stride = g.outputs;
    out.line = g.out_width * g.outputs;
    out.sums_plane = block.sums_plane;
    out.pixels = std::min(winograd_pixels * block.tiles, g.out_width - winograd_pixels * tile);
    for (int64_t p = first; p < end; p++) {
        products.b = panels_->panel(p);
        row_->products(products);
        out.column = p * row_->columns;
        out.columns = static_cast<int32_t>(std::min<int64_t>(row_->columns, g.outputs - out.column));
        for (int64_t i = 0; i < block.rows; i++) {
            const int64_t line = winograd_pixels * (row + i);
            const int64_t at = line * out.line + winograd_pixels * tile * g.outputs + out.column;
            out.sums = sums + i * block.tiles * row_->columns * 4;
            out.lines = std::min<int64_t>(winograd_pixels, lines.lines - line);
            out.c = static_cast<uint8_t*>(lines.c) + at;
            if (lines.residual != nullptr) out.residual = static_cast<const uint8_t*>(lines.residual) + at;
            row_->output(out);
        }
    }
}

std::string WinogradProduct::kernel() const {
    return "winograd_u8s8_" + std::to_string(row_->rows) + "x" + std::to_string(row_->columns) + "_" + row_->isa;
}

}  // namespace octavo
