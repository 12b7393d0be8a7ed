#include "ops/gemm_product.h"

#include <algorithm>
#include <type_traits>

#include "base/sizes.h"

namespace octavo {

namespace {

int64_t element_size(OutputType type) { return type == output_f32 || type == output_s32 ? 4 : 1; }

template <class T>
T* at(T* base, int64_t elements, int64_t size) {
    using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
    return base == nullptr ? nullptr : reinterpret_cast<Byte*>(base) + elements * size;
}

// Cycles of one group of K over a line, in units of one vector product: products, or loads where these are more, or the latency
// of a chain where accumulators are few.
double line_cost(const GemmRow& row, const GemmTile& tile, int64_t outputs, int64_t width, int64_t groups_of_k) {
    const double vectors = static_cast<double>(tile.columns) / row.lanes;
    const double panels = static_cast<double>(ceil_div<int64_t>(outputs, tile.columns));
    const int64_t passes = ceil_div<int64_t>(width, tile.rows);
    const double rows = static_cast<double>(width) / static_cast<double>(passes);
    // Of few rows all of B comes by for each, of many a panel stays while they pass.
    const int64_t columns = width == 1 ? outputs : tile.columns;
    const bool beyond_l1 = groups_of_k * columns * 4 > 24 * 1024;
    const double loads = (beyond_l1 ? 2.0 : 1.1) * vectors + 0.55 * rows;
    const double call = 24.0 / static_cast<double>(groups_of_k + 1);
    return panels * static_cast<double>(passes) * (std::max({rows * vectors, loads, 4.0}) + call);
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
                         int64_t group_bytes, int64_t width)
    : GemmProduct(row, choose_tile(row, operands.weights->outputs / groups, width, layout.groups()), layout, operands,
                  groups, group_bytes) {}

GemmProduct::GemmProduct(const GemmRow& row, const GemmTile& tile, GroupLayout layout, const StageOperands& operands,
                         int groups, int64_t group_bytes)
    : row_(&row),
      layout_(std::move(layout)),
      panels_(tile, operands.x.code_max),
      ones_(tile, operands.x.code_max),
      outputs_(operands.weights->outputs),
      groups_(groups) {
    const DenseWeights& weights = *operands.weights;
    const int64_t columns = outputs_ / groups;
    const std::vector<int8_t> ones(static_cast<size_t>(weights.depth), 1);
    for (int g = 0; g < groups; g++) {
        panels_.add(layout_, weights.values.data() + g * columns * weights.depth, columns, weights.depth, g * columns,
                    g * group_bytes, g);
        if (weights.has_zero_points()) ones_.add(layout_, ones.data(), 1, weights.depth, 0, g * group_bytes, g);
    }
    panels_.finish();
    ones_.finish();
    zeros_ = AlignedArray<int32_t>(static_cast<size_t>(tile.columns));
    stage_ = pack_stage(operands, panels_.order());
}

void GemmProduct::run_panel(const Panels& panels, const Panel& panel, int64_t column, const Lines& lines,
                            const OutputStage& stage, const int32_t* sums, int64_t outputs) const noexcept {
    const GemmTile& tile = panels.tile();
    const GemmFn* functions = panel.words ? tile.words : tile.bytes;
    const int64_t size = element_size(stage.type);
    const int64_t passes = ceil_div<int64_t>(lines.pixels, tile.rows);
    const int64_t rows = lines.pixels / passes, longer = lines.pixels % passes;
    GemmArgs args = {};
    args.a_stride = lines.pixel_bytes;
    args.offsets = layout_.offsets.data();
    args.groups = layout_.groups();
    args.b = panels.data(panel);
    args.stage = &stage;
    args.column = column;
    args.columns = panel.columns;
    args.c_stride = outputs;
    args.residual_stride = outputs;
    for (int64_t line = 0; line < lines.lines; line++) {
        int64_t pixel = 0;
        for (int64_t pass = 0; pass < passes; pass++) {
            const int64_t count = rows + (pass < longer ? 1 : 0);
            const int64_t result = line * lines.pixels + pixel;
            args.a = lines.a + line * lines.line_bytes + pixel * lines.pixel_bytes + panel.a_offset;
            args.c = at(lines.c, result * outputs + panel.output, size);
            args.residual = at(lines.residual, result * outputs + panel.output, 1);
            args.row_sums = sums == nullptr ? nullptr : sums + result;
            functions[count - 1](args);
            pixel += count;
        }
    }
}

void GemmProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    run(lines, first, end, stage_.stage());
}

void GemmProduct::run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    const int64_t pixels = lines.lines * lines.pixels;
    if (pixels == 0) return;
    int32_t* sums = stage.weight_zero != nullptr ? reinterpret_cast<int32_t*>(lines.scratch) : nullptr;
    int summed = -1;
    for (int64_t p = first; p < end; p++) {
        const Panel& panel = panels_.panels()[static_cast<size_t>(p)];
        if (sums != nullptr && panel.group != summed) {
            summed = panel.group;
            OutputStage sum_stage = {};
            sum_stage.type = output_s32;
            sum_stage.start = zeros_.data();
            Lines to_sums = lines;
            to_sums.c = sums;
            to_sums.residual = nullptr;
            run_panel(ones_, ones_.panels()[static_cast<size_t>(panel.group)], 0, to_sums, sum_stage, nullptr, 1);
        }
        run_panel(panels_, panel, p * panels_.tile().columns, lines, stage, sums, outputs_);
    }
}

size_t GemmProduct::scratch_bytes(int64_t pixels) const {
    return stage_.weight_zero.empty() ? 0 : static_cast<size_t>(pixels) * sizeof(int32_t);
}

std::string GemmProduct::kernel() const {
    return "gemm_u8s8_" + std::to_string(panels_.tile().rows) + "x" + std::to_string(panels_.tile().columns) + "c4_" +
           row_->isa;
}

std::string GemmProduct::reason() const {
    if (panels_.tile().words == nullptr) return "";
    return std::to_string(parts() - panels_.words()) + " of " + std::to_string(parts()) +
           " panels of weights are safe as 8-bit pairs, the others use 16-bit factors";
}

int64_t GemmProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_.bytes() + ones_.bytes()) + stage_.bytes();
}

}  // namespace octavo
