#include "ops/line_product.h"

#include <algorithm>

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
    args.pixels = lines.pixels;
    for (int64_t l = 0; l < lines.lines; l += together) {
        args.lines = std::min(together, lines.lines - l);
        for (const ColumnFilters::Block& block : filters_.blocks()) {
            for (int64_t i = 0; i < args.lines * kernel; i++) {
                const int64_t from_a = (l + i / kernel) * g.stride_h + i % kernel * g.dilation_h - g.pad_top;
                const int64_t y = lines.first * g.stride_h + from_a;
                rows[i] = (y >= 0 && y < g.height ? lines.a + from_a * row_bytes : padding_.data()) + block.channel;
            }
            OutputStage block_stage = stage;
            block_stage.start += block.column;
            block_stage.multiplier += block.column;
            if (stage.bias != nullptr) block_stage.bias += block.column;
            args.b = filters_.data(block);
            args.stage = &block_stage;
            args.c = static_cast<uint8_t*>(lines.c) + l * lines.pixels * g.channels + block.channel;
            block.kernels->columns[kernel == 5][g.stride_w == 2](args);
        }
    }
}

std::string DepthwiseColumnsProduct::kernel() const {
    const std::string size = std::to_string(geometry_.kernel_h);
    return "depthwise_u8s8_" + size + "x" + size + "_" + std::to_string(filters_.blocks().front().kernels->channels) +
           "c" + std::to_string(row_->taps_grouped) + "_" + row_->isa;
}

int64_t DepthwiseColumnsProduct::weight_bytes() const {
    return static_cast<int64_t>(filters_.bytes() + padding_.bytes()) + stage_.bytes();
}

}  // namespace octavo
