#include "ops/pairs_product.h"

#include <algorithm>
#include <utility>

#include "base/sizes.h"
#include "cpu/isa.h"
#include "ops/packing.h"

namespace octavo {

namespace {

template <class T>
T* take(std::byte*& scratch, size_t count) {
    T* taken = reinterpret_cast<T*>(scratch);
    scratch += round_up(count * sizeof(T), alignment);
    return taken;
}

std::shared_ptr<const PairPanels> pack_pairs(const PairsRow& row, const PackedDepth& depth,
                                             const StageOperands& operands, int groups, int64_t group_bytes,
                                             bool any_rows, std::optional<PairsForm> form) {
    const auto describe = [&](Hash& key) {
        key.add(&row).add(depth.source).add(operands.x.code_max).add(groups).add(group_bytes).add(any_rows);
        key.add(form ? static_cast<int>(*form) : -1);
    };
    return pack_weights(operands, "pairs", describe, [&] {
        const DenseWeights& weights = *operands.weights;
        const int64_t columns = weights.outputs / groups;
        PairPanels panels(row, depth.source, operands.x.code_max, any_rows, form);
        for (int g = 0; g < groups; g++) {
            panels.add(weights.values.data() + g * columns * weights.depth, columns, weights.depth, g * columns,
                       g * group_bytes, g);
        }
        panels.finish(packing_threads(operands));
        return panels;
    });
}

// One panel a channel group with weights 1, for the sums of rows.
std::shared_ptr<const PairPanels> pack_ones(const PairsRow& row, const PackedDepth& depth,
                                            const StageOperands& operands, int groups, int64_t group_bytes,
                                            std::optional<PairsForm> form) {
    const auto describe = [&](Hash& key) {
        key.add(&row).add(depth.source).add(operands.x.code_max).add(groups).add(group_bytes);
        key.add(form ? static_cast<int>(*form) : -1).add(operands.weights->depth);
    };
    return shared_or_made(operands.shared, "pairs of ones", describe, [&] {
        const std::vector<int8_t> ones(static_cast<size_t>(operands.weights->depth), 1);
        PairPanels panels(row, depth.source, operands.x.code_max, false, form);
        for (int g = 0; g < groups; g++) panels.add(ones.data(), 1, operands.weights->depth, 0, g * group_bytes, g);
        panels.finish(alone);
        return panels;
    });
}

}  // namespace

PairsProduct::Factors::Factors(std::shared_ptr<const PairPanels> shared, const PackedDepth& depth)
    : packed(std::move(shared)) {
    for (const PairPanel& panel : packed->panels()) {
        extras.emplace_back();
        for (const int32_t group : panel.extras) extras.back().push_back(depth.group_offset(group));
    }
}

PairsProduct::PairsProduct(const PairsRow& row, const GroupLayout& layout, const StageOperands& operands, int groups,
                           int64_t group_bytes, int64_t width, std::optional<PairsForm> form)
    : row_(&row),
      depth_(depth_of(layout, *operands.weights, groups, width)),
      over_read_(over_read_of(depth_)),
      pixel_bytes_(layout.pixel_bytes),
      line_bytes_(layout.line_bytes),
      width_(width),
      panels_(pack_pairs(row, depth_, operands, groups, group_bytes, width == 0, form), depth_),
      stage_(pack_stage(operands, panels_.packed->order())),
      outputs_(operands.weights->outputs) {
    if (operands.weights->has_zero_points()) {
        ones_ = Factors(pack_ones(row, depth_, operands, groups, group_bytes, form), depth_);
        zeros_ = AlignedArray<int32_t>(ones_.packed->order().size());
    }
    for (const PairsForm f : {pairs_cross, pairs_bytes, pairs_quads}) {
        if (!depth_.spans()) {
            // Quads take groups by two, the others no group of zeros.
            const int64_t used = f == pairs_quads ? depth_.groups() : ceil_div<int64_t>(depth_.source.size(), 4);
            spans_[f] = {{0, static_cast<int32_t>(used)}};
            continue;
        }
        for (const ByteRun& run : depth_.runs) {
            spans_[f].push_back({(f == pairs_cross ? 2 : 1) * run.offset, run.length / 4});
        }
    }
}

// Bytes from packed row to packed row.
int64_t PairsProduct::stride(bool words) const { return odd_lines(int64_t{depth_.chunks} * (words ? 32 : 16) + 16); }

// Rows that are packed at a time: they stay in L2 beside a panel of weights.
int64_t PairsProduct::block_rows(int64_t pixels) const {
    const int64_t in_cache = static_cast<int64_t>(cache_bytes(2) / 4) / stride(true);
    const int64_t step = row_->wide.rows;
    return std::min(pixels, std::max(step, std::min<int64_t>(in_cache, 480) / step * step));
}

// Bytes of A that some lines reach over.
int64_t PairsProduct::image_bytes(int64_t lines, int64_t pixels) const {
    return (lines - 1) * line_bytes_ + (pixels - 1) * pixel_bytes_ + depth_.reach();
}

// Lines that are made to words at a time: they stay in L2 beside a panel of weights, or are one.
int64_t PairsProduct::block_lines(int64_t lines, int64_t pixels) const {
    const int64_t more = static_cast<int64_t>(cache_bytes(2) / 8) - image_bytes(1, pixels);
    return std::min(lines, 1 + std::max<int64_t>(0, more) / line_bytes_);
}

size_t PairsProduct::scratch_bytes(int64_t pixels) const {
    if (depth_.spans()) {
        const int64_t lines = block_lines(ceil_div(pixels, width_), width_);
        const size_t bytes = static_cast<size_t>(image_bytes(lines, width_));
        return round_up(2 * bytes, alignment) + round_up((bytes / 16 + 1) * sizeof(int32_t), alignment) +
               round_up(static_cast<size_t>(lines * width_) * sizeof(int32_t), alignment);
    }
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
    rows.over_read = over_read_ > 0;
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

PairsProduct::Rows PairsProduct::rows_of(const PairPanel& panel, const Block& block,
                                         const int32_t* sums) const noexcept {
    const bool words = panel.form == pairs_cross;
    return {words ? block.words : block.byte_rows,
            words ? stride(true) : block.byte_stride,
            block.count,
            block.terms,
            sums,
            block.first};
}

void PairsProduct::multiply(const Factors& factors, size_t number, const Rows& rows, const OutputStage& stage, void* c,
                            const void* residual, int64_t outputs) const noexcept {
    const PairPanels& panels = *factors.packed;
    const PairPanel& panel = panels.panels()[number];
    const PairsTile& tile = *panel.tile;
    PairsArgs args = {};
    args.a_stride = rows.stride;
    args.spans = spans_[panel.form].data();
    args.span_count = static_cast<int64_t>(spans_[panel.form].size());
    args.b = panels.weights(panel);
    args.terms = panels.terms(panel);
    args.extras = static_cast<int64_t>(panel.extras.size());
    args.extra_offsets = factors.extras[number].data();
    args.extra_b = panels.extra_weights(panel);
    args.stage = &stage;
    args.column = panel.column;
    args.columns = panel.columns;
    args.c_stride = args.residual_stride = outputs;
    // Tiles of evenly many rows: first those with one more, if there are such.
    const int64_t tiles = ceil_div<int64_t>(rows.count, tile.rows);
    const int64_t least = rows.count / tiles, larger = rows.count % tiles;
    int64_t row = 0;
    for (const int64_t height : {least + 1, least}) {
        args.rows = height;
        args.tiles = height > least ? larger : tiles - larger;
        if (args.tiles == 0) continue;
        const int64_t result = (rows.first + row) * outputs + panel.output;
        args.a = rows.a + row * rows.stride;
        args.row_terms = rows.terms + row;
        args.row_sums = rows.sums == nullptr ? nullptr : rows.sums + row;
        args.c = static_cast<std::byte*>(c) + result * element_bytes(stage);
        args.residual = residual == nullptr ? nullptr : static_cast<const std::byte*>(residual) + result;
        const int64_t below = row + height * args.tiles;
        tile.forms[panel.form][height - 1](args);
        row = below;
    }
}

void PairsProduct::run(const Lines& lines, int64_t first, int64_t end) const noexcept {
    run(lines, first, end, stage_->stage());
}

void PairsProduct::run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    if (depth_.spans()) {
        run_image(lines, first, end, stage);
    } else {
        run_packed(lines, first, end, stage);
    }
}

// Words of the lines' whole image, and each row's term as the difference of what is before the ends of its spans.
void PairsProduct::widen(const Lines& lines, const Image& image) const noexcept {
    row_->image({lines.a, image_bytes(lines.lines, lines.pixels), image.words, image.before});
    for (int64_t line = 0; line < lines.lines; line++) {
        for (int64_t pixel = 0; pixel < lines.pixels; pixel++) {
            const int64_t at = line * lines.line_bytes + pixel * lines.pixel_bytes;
            uint32_t term = 0;
            for (const ByteRun& run : depth_.runs) {
                const int32_t* before = image.before + (at + run.offset) / 16;
                term += static_cast<uint32_t>(before[run.length / 16]) - static_cast<uint32_t>(before[0]);
            }
            image.terms[line * lines.pixels + pixel] = static_cast<int32_t>(term);
        }
    }
}

void PairsProduct::run_image(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    const int64_t step = block_lines(lines.lines, lines.pixels);
    const size_t bytes = static_cast<size_t>(image_bytes(step, lines.pixels));
    std::byte* scratch = lines.scratch;
    Image image = {};
    image.words = take<uint8_t>(scratch, 2 * bytes);
    image.before = take<int32_t>(scratch, bytes / 16 + 1);
    image.terms = take<int32_t>(scratch, static_cast<size_t>(step * lines.pixels));
    Lines block = lines;
    for (int64_t line = 0; line < lines.lines; line += step) {
        block.a = lines.a + line * lines.line_bytes;
        block.lines = std::min(step, lines.lines - line);
        bool widened = false;
        for (int64_t p = first; p < end; p++) {
            const PairPanel& panel = panels_.packed->panels()[static_cast<size_t>(p)];
            const bool words = panel.form == pairs_cross;
            if (words && !widened) {
                widen(block, image);
                widened = true;
            }
            for (int64_t i = 0; i < block.lines; i++) {
                const uint8_t* a = words ? image.words + 2 * i * lines.line_bytes : block.a + i * lines.line_bytes;
                const Rows rows = {a,
                                   (words ? 2 : 1) * lines.pixel_bytes,
                                   lines.pixels,
                                   image.terms + i * lines.pixels,
                                   nullptr,
                                   (line + i) * lines.pixels};
                multiply(panels_, static_cast<size_t>(p), rows, stage, lines.c, lines.residual, outputs_);
            }
        }
    }
}

void PairsProduct::run_packed(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept {
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
            const PairPanel& panel = panels_.packed->panels()[static_cast<size_t>(p)];
            if (stage.weight_zero != nullptr && panel.group != summed) {
                summed = panel.group;
                OutputStage sum_stage = {};
                sum_stage.type = output_s32;
                sum_stage.start = zeros_.data();
                const PairPanel& ones = ones_.packed->panels()[static_cast<size_t>(panel.group)];
                pack(lines, ones, block);
                Rows ones_rows = rows_of(ones, block, nullptr);
                ones_rows.first = 0;
                multiply(ones_, static_cast<size_t>(panel.group), ones_rows, sum_stage, block.sums, nullptr, 1);
            }
            pack(lines, panel, block);
            multiply(panels_, static_cast<size_t>(p),
                     rows_of(panel, block, stage.weight_zero != nullptr ? block.sums : nullptr), stage, lines.c,
                     lines.residual, outputs_);
        }
    }
}

std::string PairsProduct::kernel() const {
    const PairPanel& panel = panels_.packed->panels().front();
    return "gemm_u8s8_" + std::to_string(panel.tile->rows) + "x" + std::to_string(panel.tile->columns) + "c4_" +
           row_->isa;
}

std::string PairsProduct::reason() const {
    return "of " + std::to_string(parts()) + " panels of weights " +
           std::to_string(panels_.packed->count(pairs_quads)) + " are safe as sums of four 8-bit products, " +
           std::to_string(panels_.packed->count(pairs_bytes)) + " of two, the others use 16-bit factors";
}

int64_t PairsProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_.packed->bytes() + (ones_.packed != nullptr ? ones_.packed->bytes() : 0)) +
           stage_->bytes();
}

}  // namespace octavo
