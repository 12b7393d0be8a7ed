#include "ops/gemm_product.h"

#include <algorithm>
#include <type_traits>

#include "base/sizes.h"
#include "ops/packing.h"
#include "pack/pair_panels.h"

namespace octavo {

namespace {

template <class T>
T* at(T* base, int64_t elements, int64_t size) {
    using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
    return base == nullptr ? nullptr : reinterpret_cast<Byte*>(base) + elements * size;
}

// Cycles of one group of K over a line, in units of one vector product: products, or loads where these are more, or the latency
// of a chain where accumulators are few. What comes from L2 is not hidden entirely.
double line_cost(const GemmRow& row, const GemmTile& tile, int64_t outputs, int64_t width, int64_t groups_of_k) {
    constexpr int64_t near = 24 * 1024;
    const double vectors = static_cast<double>(tile.columns) / row.lanes;
    const double panels = static_cast<double>(ceil_div<int64_t>(outputs, tile.columns));
    const int64_t passes = ceil_div<int64_t>(width, tile.rows);
    const double rows = static_cast<double>(width) / static_cast<double>(passes);
    // Of few rows all of B comes by for each, of many a panel stays while they pass.
    const int64_t columns = width == 1 ? outputs : tile.columns;
    double far = 0;
    if (groups_of_k * columns * 4 > near) far += 3 * vectors;
    if (groups_of_k * width * 4 > near) far += 3 * rows / 16;
    const double loads = 1.1 * vectors + 0.55 * rows + far;
    const double call = 24.0 / static_cast<double>(groups_of_k + 1);
    return panels * static_cast<double>(passes) * (std::max({rows * vectors, loads, 4.0}) + far / 4 + call);
}

const GemmTile& choose_tile(const GemmRow& row, int64_t outputs, int64_t width, int64_t groups_of_k) {
    const GemmTile* best = row.tiles;
    double least = 0;
    for (int i = 0; i < row.tile_count; i++) {
        const GemmTile& tile = row.tiles[i];
        const double cost = width > 0 ? line_cost(row, tile, outputs, width, groups_of_k)
                                      : line_cost(row, tile, outputs, 1, groups_of_k) +
                                            line_cost(row, tile, outputs, 96, groups_of_k) / 96;
        if (i == 0 || cost <= least) {
            least = cost;
            best = &tile;
        }
    }
    return *best;
}

}  // namespace

GemmProduct::GemmProduct(const GemmRow& row, GroupLayout layout, const StageOperands& operands, int groups,
                         int64_t group_bytes, int64_t width, const ConvGeometry* padded)
    : GemmProduct(row, choose_tile(row, operands.weights->outputs / groups, width, layout.groups()), layout, operands,
                  groups, group_bytes) {
    if (padded == nullptr) return;
    const int64_t taps = padded->kernel_h * padded->kernel_w;
    borders_.emplace(*padded, layout_.groups() / taps, operands, panels_->order(), stage_->start);
}

GemmProduct::GemmProduct(const GemmRow& row, const GemmTile& tile, GroupLayout layout, const StageOperands& operands,
                         int groups, int64_t group_bytes)
    : row_(&row),
      layout_(std::move(layout)),
      panels_(pack_panels(tile, layout_, operands, groups, group_bytes)),
      outputs_(operands.weights->outputs),
      groups_(groups) {
    if (operands.weights->has_zero_points()) runs_ = PackedDepth(layout_).runs;
    fetches_ahead_ = panels_->bytes() > cache_bytes(2) / 2;
    stage_ = pack_stage(operands, panels_->order());
}

void GemmProduct::run_panel(size_t number, const Lines& lines, const OutputStage& stage,
                            const int32_t* sums) const noexcept {
    const GemmTile& tile = panels_->tile();
    const Panel& panel = panels_->panels()[number];
    const GemmFn* functions = borders_ ? tile.bordered : tile.functions;
    const int64_t size = element_bytes(stage);
    const int64_t passes = ceil_div<int64_t>(lines.pixels, tile.rows);
    const int64_t rows = lines.pixels / passes, longer = lines.pixels % passes;
    GemmArgs args = {};
    // Of weights that L2 does not hold, the next panel is fetched while this one is used.
    if (fetches_ahead_ && number + 1 < panels_->panels().size()) {
        args.ahead = panels_->data(panels_->panels()[number + 1]) - panels_->data(panel);
    }
    args.a_stride = lines.pixel_bytes;
    args.offsets = layout_.offsets.data();
    args.groups = layout_.groups();
    args.b = panels_->data(panel);
    args.stage = &stage;
    args.start = stage.start;
    args.column = static_cast<int64_t>(number) * tile.columns;
    args.columns = panel.columns;
    args.c_stride = outputs_;
    args.residual_stride = outputs_;
    for (int64_t line = 0; line < lines.lines; line++) {
        if (borders_) args.taps = borders_->taps(lines.first + line);
        int64_t pixel = 0;
        for (int64_t pass = 0; pass < passes; pass += args.tiles, pixel += args.tiles * args.rows) {
            args.rows = rows + (pass < longer ? 1 : 0);
            args.tiles = (pass < longer ? longer : passes) - pass;
            args.ends = (pass == 0 ? tile_with_first : 0) | (pass + args.tiles == passes ? tile_with_last : 0);
            const int64_t result = line * lines.pixels + pixel;
            args.a = lines.a + line * lines.line_bytes + pixel * lines.pixel_bytes + panel.a_offset;
            args.c = at(lines.c, result * outputs_ + panel.output, size);
            args.residual = at(lines.residual, result * outputs_ + panel.output, 1);
            args.row_sums = sums == nullptr ? nullptr : sums + result;
            functions[args.rows - 1](args);
            args.ahead = 0;
        }
    }
}

void GemmProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    run(lines, first, end, stage_->stage());
}

void GemmProduct::run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    const int64_t pixels = lines.lines * lines.pixels;
    if (pixels == 0) return;
    int32_t* sums = stage.weight_zero != nullptr ? reinterpret_cast<int32_t*>(lines.scratch) : nullptr;
    int summed = -1;
    for (int64_t p = first; p < end; p++) {
        const Panel& panel = panels_->panels()[static_cast<size_t>(p)];
        if (sums != nullptr && panel.group != summed) {
            summed = panel.group;
            RowSumsArgs rows = {};
            rows.a_stride = lines.pixel_bytes;
            rows.rows = lines.pixels;
            rows.runs = runs_.data();
            rows.run_count = static_cast<int64_t>(runs_.size());
            for (int64_t line = 0; line < lines.lines; line++) {
                rows.a = lines.a + line * lines.line_bytes + panel.a_offset;
                rows.sums = sums + line * lines.pixels;
                row_->row_sums(rows);
            }
        }
        run_panel(static_cast<size_t>(p), lines, stage, sums);
    }
}

size_t GemmProduct::scratch_bytes(int64_t pixels) const {
    return stage_->weight_zero.empty() ? 0 : static_cast<size_t>(pixels) * sizeof(int32_t);
}

std::string GemmProduct::kernel() const {
    return "gemm_u8s8_" + std::to_string(panels_->tile().rows) + "x" + std::to_string(panels_->tile().columns) + "c4_" +
           row_->isa;
}

int64_t GemmProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_->bytes()) + stage_->bytes() + (borders_ ? borders_->bytes() : 0);
}

}  // namespace octavo
