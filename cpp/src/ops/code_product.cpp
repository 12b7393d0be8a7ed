#include "ops/code_product.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/sizes.h"
#include "ops/packing.h"
#include "registry/products.h"

namespace octavo {

namespace {

// Rows that are prepared together, so that they stay in a near cache while the panels pass by.
constexpr int64_t rows_at_once = 24;

// Rows for which decoding a panel beforehand (1.4 ns a hundred weights) is less than what decoding again and again costs.
constexpr int64_t enough_to_decode = 64;

// Null: none so wide.
const GemmTile* tile_of(const GemmRow& row, int columns) {
    for (int i = 0; i < row.tile_count; i++) {
        if (row.tiles[i].columns == columns) return &row.tiles[i];
    }
    return nullptr;
}

// Bytes count as of one table.
const LookupRow& choose_row(Isa isa, const Value& weight) {
    const int64_t features = weight.dims[0];
    const LookupRow& own_tables = lookup_row(isa, false);
    const LookupRow& one_table = lookup_row(isa, weight.dtype != OCTAVO_CODE4 || has_one_table(weight));
    // Wide panels must not be mostly padding.
    const int64_t wide = round_up<int64_t>(features, one_table.columns);
    return wide * 4 <= round_up<int64_t>(features, own_tables.columns) * 5 ? one_table : own_tables;
}

// True if no two products of a code of A up to code_max and a level add up to what 16 bits do not hold.
bool pairs_fit(const Value& weight, int code_max) {
    return std::all_of(weight.table.begin(), weight.table.end(),
                       [&](int8_t level) { return 2 * code_max * std::abs(level) <= 32767; });
}

CodeTables tables_of(const Value& weight, int64_t depth) {
    CodeTables tables = {weight.table.data(), weight.table_size, 0, 0, weight.group_size};
    if (weight.axis < 0 || has_one_table(weight)) return tables;
    tables.column_step = weight.group_size > 0 ? ceil_div<int64_t>(depth, weight.group_size) : 1;
    tables.group_step = weight.group_size > 0 ? 1 : 0;
    return tables;
}

std::shared_ptr<const CodePanels> pack(Isa isa, const Value& weight, const StageOperands& operands) {
    const LookupRow& row = choose_row(isa, weight);
    const DenseWeights& dense = *operands.weights;
    const auto describe = [&](Hash& key) { describe_constant(weight, key.add(&row)); };
    return pack_weights(operands, "code panels", describe, [&] {
        const Share share = packing_threads(operands);
        if (weight.dtype != OCTAVO_CODE4)
            return CodePanels(row, dense.values.data(), dense.outputs, dense.depth, share);
        return CodePanels(row, weight.as<uint8_t>(), dense.outputs, dense.depth, tables_of(weight, dense.depth), share);
    });
}

GroupTerms make_terms(const DenseWeights& weights, int64_t width, int64_t columns) {
    const int64_t groups = weights.groups(), depth = weights.depth;
    GroupTerms terms = {AlignedArray<int32_t>(static_cast<size_t>(groups * columns)),
                        AlignedArray<float>(static_cast<size_t>(groups * columns))};
    for (int64_t n = 0; n < weights.outputs; n++) {
        const int64_t first = n / width * width * groups + n % width;
        const int8_t* const values = weights.values.data() + n * depth;
        for (int64_t k = 0; k < depth; k++)
            terms.starts[static_cast<size_t>(first + k / weights.group_size * width)] -= values[k];
        for (int64_t g = 0; g < groups; g++) {
            terms.scales[static_cast<size_t>(first + g * width)] = weights.scales[static_cast<size_t>(n * groups + g)];
        }
    }
    return terms;
}

}  // namespace

CodeProduct::CodeProduct(Isa isa, const Value& weight, const StageOperands& operands)
    : features_(weight.dims[0]),
      depth_(operands.weights->depth),
      group_size_(weight.group_size),
      bytes_(weight.dtype != OCTAVO_CODE4),
      pairs_(!bytes_ && pairs_fit(weight, operands.x.code_max)),
      panels_(pack(isa, weight, operands)) {
    std::vector<int64_t> order(static_cast<size_t>(columns()), -1);
    for (int64_t n = 0; n < features_; n++) order[static_cast<size_t>(n)] = n;
    if (group_size_ == 0) {
        if (panels_->row().decode != nullptr) tile_ = tile_of(gemm_row(isa), panels_->row().columns);
        for (int32_t g = 0; tile_ != nullptr && g < ceil_div<int64_t>(depth_, 4); g++) offsets_.push_back(4 * g);
        stage_ = pack_stage(operands, order);
        return;
    }
    const DenseWeights& weights = *operands.weights;
    if (operands.y->dtype == OCTAVO_S32 || (operands.bias != nullptr && operands.bias->dtype == OCTAVO_S32)) {
        throw Refusal(operands.where +
                      ": with groups along K neither bias nor result can be s32, for no scale is common");
    }
    if (weights.has_zero_points()) {
        throw Refusal(operands.where + ": weight \"" + weight.name +
                      "\" has groups along K, more than 16 levels and zero points other than " +
                      (weight.dtype == OCTAVO_U8 ? "128" : "0") + ", which takes float activations");
    }
    // To the stage the sums of the groups are weighted already.
    DenseWeights weighted;
    weighted.outputs = features_;  // of depth 0: no sums of weights
    weighted.zero_points.assign(static_cast<size_t>(features_), 0);
    weighted.scales.assign(static_cast<size_t>(features_), 1.0f);
    weighted.per_channel = true;
    StageOperands without = operands;
    without.weights = &weighted;
    stage_ = pack_stage(without, order);
    const int64_t width = panels_->row().columns;
    terms_ = pack_weights(
        operands, "terms of groups", [&](Hash& key) { weights.describe(key.add(width)); },
        [&] { return make_terms(weights, width, columns()); });
}

bool CodeProduct::decodes(int64_t rows) const { return tile_ != nullptr && rows >= enough_to_decode; }

int64_t CodeProduct::decoded_bytes() const { return panels_->blocks() * panels_->row().block * panels_->row().columns; }

bool CodeProduct::prepares() const { return panels_->row().copies > 1 || depth_ % panels_->row().block != 0; }

int64_t CodeProduct::prepared_stride(int64_t copies) const {
    return round_up<int64_t>(panels_->blocks() * panels_->row().block, 16) * copies;
}

void CodeProduct::prepare(const uint8_t* a, int64_t a_stride, int64_t rows, int64_t copies,
                          uint8_t* to) const noexcept {
    const int64_t stride = prepared_stride(copies);
    for (int64_t r = 0; r < rows; r++) {
        uint8_t* out = to + r * stride;
        for (int64_t k = 0; k * copies < stride; k += 16) {
            uint8_t bytes[16] = {};
            if (k + 16 <= depth_) {
                std::memcpy(bytes, a + r * a_stride + k, 16);
            } else if (k < depth_) {
                std::memcpy(bytes, a + r * a_stride + k, static_cast<size_t>(depth_ - k));
            }
            for (int64_t copy = 0; copy < copies; copy++) std::memcpy(out + k * copies + 16 * copy, bytes, 16);
        }
    }
}

void CodeProduct::run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
                      int64_t end, const OutputStage& stage, int32_t zero_point) const noexcept {
    if (decodes(rows)) {
        run_decoded(a, a_stride, rows, c, scratch, first, end, stage);
        return;
    }
    const LookupRow& row = panels_->row();
    const int64_t size = element_bytes(stage);
    const bool pairs = pairs_ && row.pair_sums != nullptr;
    const LookupFn* functions = bytes_            ? row.bytes
                                : group_size_ > 0 ? (pairs ? row.pair_grouped : row.grouped)
                                                  : (pairs ? row.pair_sums : row.sums);
    const int64_t groups = group_size_ > 0 ? ceil_div(depth_, group_size_) : 0;
    LookupArgs args = {};
    args.blocks = panels_->blocks();
    args.stage = &stage;
    args.c_stride = features_;
    args.group_blocks = group_size_ / row.block;
    args.table_step = panels_->table_step();
    args.group_step = row.columns;
    args.zero_point = zero_point;
    for (int64_t done = 0; done < rows; done += rows_at_once) {
        const int64_t count = std::min(rows_at_once, rows - done);
        const int64_t passes = ceil_div<int64_t>(count, row.rows);
        const uint8_t* x = a + done * a_stride;
        args.a_stride = a_stride;
        if (prepares()) {
            auto* prepared = reinterpret_cast<uint8_t*>(scratch);
            prepare(x, a_stride, count, row.copies, prepared);
            x = prepared;
            args.a_stride = prepared_stride(row.copies);
        }
        for (int64_t panel = first; panel < end; panel++) {
            args.codes = panels_->codes(panel);
            if (!bytes_) args.tables = panels_->tables(panel);
            args.column = panel * row.columns;
            args.columns = static_cast<int32_t>(std::min<int64_t>(row.columns, features_ - args.column));
            if (terms_ != nullptr) {
                args.starts = terms_->starts.data() + args.column * groups;
                args.scales = terms_->scales.data() + args.column * groups;
            }
            for (int64_t pass = 0; pass < passes; pass++) {
                const int64_t from = count * pass / passes, to = count * (pass + 1) / passes;
                args.a = x + from * args.a_stride;
                args.c = static_cast<std::byte*>(c) + ((done + from) * features_ + args.column) * size;
                functions[to - from - 1](args);
            }
        }
    }
}

void CodeProduct::run_decoded(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch,
                              int64_t first, int64_t end, const OutputStage& stage) const noexcept {
    auto* decoded = reinterpret_cast<int8_t*>(scratch);
    GemmArgs args = {};
    args.a_stride = a_stride;
    args.offsets = offsets_.data();
    args.groups = static_cast<int64_t>(offsets_.size());
    args.b = decoded;
    args.start = stage.start;
    args.stage = &stage;
    args.c_stride = features_;
    const uint8_t* x = a;
    if (depth_ % 4 != 0) {
        auto* prepared = reinterpret_cast<uint8_t*>(scratch) + decoded_bytes();
        prepare(a, a_stride, rows, 1, prepared);
        x = prepared;
        args.a_stride = prepared_stride(1);
    }
    const int64_t passes = ceil_div<int64_t>(rows, tile_->rows), longer = rows % passes;
    for (int64_t panel = first; panel < end; panel++) {
        panels_->row().decode({panels_->codes(panel), panels_->tables(panel), panels_->blocks(), decoded});
        args.column = panel * tile_->columns;
        args.columns = static_cast<int32_t>(std::min<int64_t>(tile_->columns, features_ - args.column));
        args.a = x;
        args.c = static_cast<std::byte*>(c) + args.column * element_bytes(stage);
        args.rows = rows / passes + 1;
        args.tiles = longer;
        if (longer > 0) tile_->functions[args.rows - 1](args);
        args.a += longer * args.rows * args.a_stride;
        args.c = static_cast<std::byte*>(args.c) + longer * args.rows * features_ * element_bytes(stage);
        args.rows = rows / passes;
        args.tiles = passes - longer;
        tile_->functions[args.rows - 1](args);
    }
}

size_t CodeProduct::scratch_bytes(int64_t rows) const {
    int64_t bytes = prepares() ? std::min(rows, rows_at_once) * prepared_stride(panels_->row().copies) : 0;
    if (decodes(rows)) bytes = std::max(bytes, decoded_bytes() + (depth_ % 4 != 0 ? rows * prepared_stride(1) : 0));
    return static_cast<size_t>(bytes);
}

std::string CodeProduct::kernel() const {
    const LookupRow& row = panels_->row();
    return std::string(bytes_ ? "lookup_u8s8_" : "lookup_u8c4_") + std::to_string(row.rows) + "x" +
           std::to_string(row.columns) + "_" + (group_size_ > 0 ? "g" + std::to_string(group_size_) + "_" : "") +
           row.isa;
}

int64_t CodeProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_->bytes() + (terms_ != nullptr ? terms_->bytes() : 0)) + stage_->bytes();
}

}  // namespace octavo
