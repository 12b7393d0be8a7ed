#include "ops/pairs_product.h"

#include <algorithm>

#include "base/sizes.h"
#include "cpu/isa.h"

namespace octavo {

namespace {

constexpr size_t cache_line = 64;

template <class T>
T* take(std::byte*& scratch, size_t count) {
    T* taken = reinterpret_cast<T*>(scratch);
    scratch += round_up(count * sizeof(T), alignment);
    return taken;
}

}  // namespace

PairsProduct::PairsProduct(const PairsRow& row, const GroupLayout& layout, const StageOperands& operands, int groups,
                           int64_t group_bytes, std::optional<PairsForm> form)
    : row_(&row),
      depth_(layout),
      over_reads_(depth_.over_reads()),
      panels_(row, depth_, operands.x.code_max, form),
      ones_(row, depth_, operands.x.code_max, form),
      outputs_(operands.weights->outputs) {
    const DenseWeights& weights = *operands.weights;
    const int64_t columns = outputs_ / groups;
    const std::vector<int8_t> ones(static_cast<size_t>(weights.depth), 1);
    for (int g = 0; g < groups; g++) {
        panels_.add(weights.values.data() + g * columns * weights.depth, columns, weights.depth, g * columns,
                    g * group_bytes, g);
        if (weights.has_zero_points()) ones_.add(ones.data(), 1, weights.depth, 0, g * group_bytes, g);
    }
    panels_.finish();
    ones_.finish();
    zeros_ = AlignedArray<int32_t>(ones_.order().size());
    stage_ = pack_stage(operands, panels_.order());
}

// Bytes from packed row to packed row. An odd number of cache lines: rows do not fall on each other in the cache.
int64_t PairsProduct::stride(bool words) const {
    const size_t lines = ceil_div(static_cast<size_t>(depth_.chunks) * (words ? 32 : 16) + 16, cache_line);
    return static_cast<int64_t>((lines | 1) * cache_line);
}

// Rows that are packed at a time: they stay in L2 beside a panel of weights.
int64_t PairsProduct::block_rows(int64_t pixels) const {
    const int64_t in_cache = static_cast<int64_t>(cache_bytes(2) / 4) / stride(true);
    const int64_t step = row_->wide.rows;
    return std::min(pixels, std::max(step, std::min<int64_t>(in_cache, 480) / step * step));
}

size_t PairsProduct::scratch_bytes(int64_t pixels) const {
    const size_t rows = static_cast<size_t>(block_rows(pixels));
    return rows * static_cast<size_t>(stride(true) + stride(false)) + 2 * round_up(rows * sizeof(int32_t), alignment);
}

// Whether A's rows are what rows of bytes are to be: without gaps, evenly spaced, and no two in the same place of the cache.
bool PairsProduct::packed_already(const Lines& lines, const Block& block) const noexcept {
    const bool whole = depth_.runs.size() == 1 && depth_.runs[0].length == depth_.groups() * 4;
    const bool even = lines.lines == 1 || lines.line_bytes == lines.pixels * lines.pixel_bytes;
    return whole && even && (lines.pixel_bytes % 1024 != 0 || block.count == 1);
}

void PairsProduct::pack(const Lines& lines, const PairPanel& panel, Block& block) const noexcept {
    const bool words = panel.form == pairs_cross;
    int& packed = words ? block.words_of : block.bytes_of;
    if (packed == panel.group) return;
    packed = panel.group;
    if (!words && packed_already(lines, block)) {
        block.byte_rows = lines.a + block.first * lines.pixel_bytes + panel.a_offset + depth_.runs[0].offset;
        block.byte_stride = lines.pixel_bytes;
        return;
    }
    if (!words) {
        block.byte_rows = block.bytes;
        block.byte_stride = stride(false);
    }
    PairsRows rows = {};
    rows.pixel_bytes = lines.pixel_bytes;
    rows.runs = depth_.runs.data();
    rows.run_count = static_cast<int32_t>(depth_.runs.size());
    rows.pieces = depth_.pieces.empty() ? nullptr : depth_.pieces.data();
    rows.over_read = over_reads_;
    rows.chunks = depth_.chunks;
    rows.pieces_a_chunk = depth_.pieces_a_chunk;
    rows.stride = stride(words);
    for (int64_t done = 0; done < block.count; done += rows.rows) {
        const int64_t line = (block.first + done) / lines.pixels, pixel = (block.first + done) % lines.pixels;
        rows.a = lines.a + line * lines.line_bytes + pixel * lines.pixel_bytes + panel.a_offset;
        rows.rows = std::min(block.count - done, lines.pixels - pixel);
        rows.packed = (words ? block.words : block.bytes) + done * rows.stride;
        rows.terms = block.terms + done;
        (words ? row_->words : row_->bytes)(rows);
    }
}

void PairsProduct::multiply(const PairPanels& panels, const PairPanel& panel, const Block& block,
                            const OutputStage& stage, const int32_t* sums, void* c, const void* residual,
                            int64_t outputs) const noexcept {
    const bool words = panel.form == pairs_cross;
    const PairsTile& tile = *panel.tile;
    const int64_t size = stage.type == output_f32 || stage.type == output_s32 ? 4 : 1;
    PairsArgs args = {};
    args.a_stride = words ? stride(true) : block.byte_stride;
    // Quads take groups by two, the others no group of zeros.
    args.groups = panel.form == pairs_quads ? depth_.groups() : ceil_div<int64_t>(depth_.source.size(), 4);
    args.b = panels.weights(panel);
    args.terms = panels.terms(panel);
    args.extras = static_cast<int64_t>(panel.extras.size());
    args.extra_groups = panel.extras.data();
    args.extra_b = panels.extra_weights(panel);
    args.stage = &stage;
    args.column = panel.column;
    args.columns = panel.columns;
    args.c_stride = args.residual_stride = outputs;
    // Tiles of evenly many rows: first those with one more, if there are such.
    const int64_t tiles = ceil_div<int64_t>(block.count, tile.rows);
    const int64_t least = block.count / tiles, larger = block.count % tiles;
    int64_t row = 0;
    for (const int64_t rows : {least + 1, least}) {
        args.tiles = rows > least ? larger : tiles - larger;
        if (args.tiles == 0) continue;
        const int64_t result = (block.first + row) * outputs + panel.output;
        args.a = (words ? block.words : block.byte_rows) + row * args.a_stride;
        args.row_terms = block.terms + row;
        args.row_sums = sums == nullptr ? nullptr : sums + row;
        args.c = static_cast<std::byte*>(c) + result * size;
        args.residual = residual == nullptr ? nullptr : static_cast<const std::byte*>(residual) + result;
        tile.forms[panel.form][rows - 1](args);
        row += rows * args.tiles;
    }
}

void PairsProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    run(lines, first, end, stage_.stage());
}

void PairsProduct::run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    const int64_t pixels = lines.lines * lines.pixels, step = block_rows(pixels);
    std::byte* scratch = lines.scratch;
    Block block = {};
    const size_t rows = static_cast<size_t>(step);
    block.words = take<uint8_t>(scratch, rows * static_cast<size_t>(stride(true)));
    block.bytes = take<uint8_t>(scratch, rows * static_cast<size_t>(stride(false)));
    block.terms = take<int32_t>(scratch, rows);
    block.sums = take<int32_t>(scratch, rows);
    for (int64_t pixel = 0; pixel < pixels; pixel += step) {
        block.first = pixel;
        block.count = std::min(step, pixels - pixel);
        block.words_of = block.bytes_of = -1;
        int summed = -1;
        for (int64_t p = first; p < end; p++) {
            const PairPanel& panel = panels_.panels()[static_cast<size_t>(p)];
            if (stage.weight_zero != nullptr && panel.group != summed) {
                summed = panel.group;
                OutputStage sum_stage = {};
                sum_stage.type = output_s32;
                sum_stage.start = zeros_.data();
                const PairPanel& ones = ones_.panels()[static_cast<size_t>(panel.group)];
                pack(lines, ones, block);
                multiply(ones_, ones, block, sum_stage, nullptr, block.sums - block.first, nullptr, 1);
            }
            pack(lines, panel, block);
            multiply(panels_, panel, block, stage, stage.weight_zero != nullptr ? block.sums : nullptr, lines.c,
                     lines.residual, outputs_);
        }
    }
}

std::string PairsProduct::kernel() const {
    const PairPanel& panel = panels_.panels().front();
    return "gemm_u8s8_" + std::to_string(panel.tile->rows) + "x" + std::to_string(panel.tile->columns) + "c4_" +
           row_->isa;
}

std::string PairsProduct::reason() const {
    return "of " + std::to_string(parts()) + " panels of weights " + std::to_string(panels_.count(pairs_quads)) +
           " are safe as sums of four 8-bit products, " + std::to_string(panels_.count(pairs_bytes)) +
           " of two, the others use 16-bit factors";
}

int64_t PairsProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_.bytes() + ones_.bytes()) + stage_.bytes();
}

}  // namespace octavo
