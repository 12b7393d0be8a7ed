#include "ops/code_product.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "registry/products.h"

namespace octavo {

namespace {

// Rows that are prepared together, so that they stay in a near cache while the panels pass by.
constexpr int64_t rows_at_once = 24;

const LookupRow& choose_row(Isa isa, const Value& weight) {
    const int64_t features = weight.dims[0];
    const LookupRow& own_tables = lookup_row(isa, false);
    const LookupRow& one_table = lookup_row(isa, has_one_table(weight));
    // Wide panels must not be mostly padding.
    const int64_t wide = round_up<int64_t>(features, one_table.columns);
    return wide * 4 <= round_up<int64_t>(features, own_tables.columns) * 5 ? one_table : own_tables;
}

CodeTables tables_of(const Value& weight, int64_t depth) {
    CodeTables tables = {weight.table.data(), weight.table_size, 0, 0, weight.group_size};
    if (weight.axis < 0 || has_one_table(weight)) return tables;
    tables.column_step = weight.group_size > 0 ? ceil_div<int64_t>(depth, weight.group_size) : 1;
    tables.group_step = weight.group_size > 0 ? 1 : 0;
    return tables;
}

}  // namespace

CodeProduct::CodeProduct(Isa isa, const Value& weight, const StageOperands& operands)
    : features_(weight.dims[0]),
      depth_(operands.weights->depth),
      group_size_(weight.group_size),
      panels_(choose_row(isa, weight), weight.as<uint8_t>(), features_, depth_, tables_of(weight, depth_)) {
    std::vector<int64_t> order(static_cast<size_t>(columns()), -1);
    for (int64_t n = 0; n < features_; n++) order[static_cast<size_t>(n)] = n;
    if (group_size_ == 0) {
        stage_ = pack_stage(operands, order);
        return;
    }
    const DenseWeights& weights = *operands.weights;
    if (operands.y->dtype == OCTAVO_S32 || (operands.bias != nullptr && operands.bias->dtype == OCTAVO_S32)) {
        throw Refusal(operands.where +
                      ": with groups along K neither bias nor result can be s32, for no scale is common");
    }
    // To the stage the sums of the groups are weighted already.
    DenseWeights weighted;
    weighted.outputs = features_;
    weighted.zero_points.assign(static_cast<size_t>(features_), 0);
    weighted.scales.assign(static_cast<size_t>(features_), 1.0f);
    weighted.per_channel = true;
    StageOperands without = operands;
    without.weights = &weighted;
    stage_ = pack_stage(without, order);
    const int64_t groups = weights.groups();
    starts_ = AlignedArray<int32_t>(static_cast<size_t>(groups * columns()));
    scales_ = AlignedArray<float>(static_cast<size_t>(groups * columns()));
    for (int64_t n = 0; n < features_; n++) {
        for (int64_t k = 0; k < depth_; k++) {
            starts_[static_cast<size_t>(k / group_size_ * columns() + n)] -=
                weights.values[static_cast<size_t>(n * depth_ + k)];
        }
        for (int64_t g = 0; g < groups; g++) {
            scales_[static_cast<size_t>(g * columns() + n)] = weights.scales[static_cast<size_t>(n * groups + g)];
        }
    }
}

bool CodeProduct::prepares() const { return panels_.row().copies > 1 || depth_ % panels_.row().block != 0; }

int64_t CodeProduct::prepared_stride() const {
    const LookupRow& row = panels_.row();
    return round_up<int64_t>(panels_.blocks() * row.block, 16) * row.copies;
}

void CodeProduct::prepare(const uint8_t* a, int64_t a_stride, int64_t rows, uint8_t* to) const noexcept {
    const int64_t copies = panels_.row().copies, stride = prepared_stride();
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
    const LookupRow& row = panels_.row();
    const int64_t size = stage.type == output_f32 || stage.type == output_s32 ? 4 : 1;
    const LookupFn* functions = group_size_ > 0 ? row.grouped : row.sums;
    LookupArgs args = {};
    args.blocks = panels_.blocks();
    args.stage = &stage;
    args.c_stride = features_;
    args.group_blocks = group_size_ / row.block;
    args.table_step = panels_.table_step();
    args.group_step = columns();
    args.zero_point = zero_point;
    for (int64_t done = 0; done < rows; done += rows_at_once) {
        const int64_t count = std::min(rows_at_once, rows - done);
        const int64_t passes = ceil_div<int64_t>(count, row.rows);
        const uint8_t* x = a + done * a_stride;
        args.a_stride = a_stride;
        if (prepares()) {
            auto* prepared = reinterpret_cast<uint8_t*>(scratch);
            prepare(x, a_stride, count, prepared);
            x = prepared;
            args.a_stride = prepared_stride();
        }
        for (int64_t panel = first; panel < end; panel++) {
            args.codes = panels_.codes(panel);
            args.tables = panels_.tables(panel);
            args.column = panel * row.columns;
            args.columns = static_cast<int32_t>(std::min<int64_t>(row.columns, features_ - args.column));
            args.starts = starts_.data() + args.column;
            args.scales = scales_.data() + args.column;
            for (int64_t pass = 0; pass < passes; pass++) {
                const int64_t from = count * pass / passes, to = count * (pass + 1) / passes;
                args.a = x + from * args.a_stride;
                args.c = static_cast<std::byte*>(c) + ((done + from) * features_ + args.column) * size;
                functions[to - from - 1](args);
            }
        }
    }
}

size_t CodeProduct::scratch_bytes(int64_t rows) const {
    return prepares() ? static_cast<size_t>(std::min(rows, rows_at_once) * prepared_stride()) : 0;
}

std::string CodeProduct::kernel() const {
    const LookupRow& row = panels_.row();
    return std::string("lookup_u8c4_") + std::to_string(row.rows) + "x" + std::to_string(row.columns) + "_" +
           (group_size_ > 0 ? "g" + std::to_string(group_size_) + "_" : "") + row.isa;
}

int64_t CodeProduct::weight_bytes() const {
    return static_cast<int64_t>(panels_.bytes() + starts_.bytes() + scales_.bytes()) + stage_.bytes();
}

}  // namespace octavo
