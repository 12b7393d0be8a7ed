#include "ops/linear_rows.h"

#include <algorithm>

#include "base/sizes.h"
#include "ops/splitting.h"

namespace octavo {

void require_linear_operands(const OpDesc& desc, const std::string& where) {
    if (desc.inputs.size() < 2 || desc.inputs[0] == nullptr || desc.inputs[1] == nullptr || desc.outputs.empty() ||
        desc.outputs[0] == nullptr) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": needs an input, a weight and an output");
    }
}

LinearShape linear_shape(const OpDesc& desc, const std::string& where) {
    const Value& x = *desc.inputs[0];
    const Value& w = *desc.inputs[1];
    const Value& y = *desc.outputs[0];
    const auto differ = [&](const Value& value, const std::string& expected) {
        throw Error(OCTAVO_SHAPE_MISMATCH,
                    where + ": \"" + value.name + "\" has shape " + value.shape_text() + " instead of " + expected);
    };
    if (x.dims.empty() || (x.batched && x.dims.size() < 2)) differ(x, "[.., K]");
    if (w.dims.size() != 2) differ(w, "[N, K]");
    LinearShape shape = {};
    shape.depth = x.dims.back();
    shape.features = w.dims[0];
    shape.batched = x.batched;
    if (w.dims[1] != shape.depth) differ(w, "[N, " + std::to_string(shape.depth) + "] for an input " + x.shape_text());
    std::vector<int64_t> expected = x.dims;
    expected.back() = shape.features;
    if (y.dims != expected || y.batched != x.batched)
        differ(y, "that of \"" + x.name + "\" " + x.shape_text() + " with " + std::to_string(shape.features) +
                      " features last");
    if (x.layout != OCTAVO_PLAIN || y.layout != OCTAVO_PLAIN) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": input and output must be laid out row by row, not as NHWC");
    }
    shape.rows = checked_product(x.dims) / shape.depth;
    if (shape.depth > INT32_MAX / 8)
        throw Refusal(where + ": rows of more than " + std::to_string(INT32_MAX / 8) + " elements");
    return shape;
}

RowProduct::RowProduct(Isa isa, const Value& weight, const LinearShape& shape, const StageOperands& operands)
    : depth_(shape.depth), features_(shape.features), macs_per_ns_(gemm_row(isa).macs_per_ns) {
    const DenseWeights& dense = *operands.weights;
    // Many rows a sample make up for the larger weights that were decoded beforehand.
    const bool few_rows = shape.rows <= 8;
    if (weight.dtype == OCTAVO_CODE4 && few_rows && !dense.has_zero_points()) {
        codes_ = std::make_unique<CodePanels>(lookup_row(isa), weight.as<uint8_t>(), features_, depth_,
                                              weight.table.data(), weight.table_size, dense.per_channel);
        macs_per_ns_ = std::max(1, macs_per_ns_ / 2);
        stage_ = pack_stage(operands, order());
        return;
    }
    GroupLayout layout;
    layout.add_run(0, 0, depth_);
    gemm_ = std::make_unique<GemmProduct>(gemm_row(isa), std::move(layout), operands, 1, 0, 0);
}

std::vector<int64_t> RowProduct::order() const {
    if (gemm_) return gemm_->order();
    std::vector<int64_t> order;
    for (int64_t n = 0; n < codes_->panels() * codes_->row().columns; n++) order.push_back(n < features_ ? n : -1);
    return order;
}

void RowProduct::run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
                     int64_t end, const OutputStage* stage) const noexcept {
    if (rows == 0) return;
    if (gemm_) {
        Lines lines = {};
        lines.a = a;
        lines.pixel_bytes = a_stride;
        lines.lines = 1;
        lines.pixels = rows;
        lines.c = c;
        lines.scratch = scratch;
        if (stage != nullptr) {
            gemm_->run(lines, first, end, *stage);
        } else {
            gemm_->run(lines, first, end);
        }
        return;
    }
    const OutputStage packed = stage != nullptr ? *stage : stage_.stage();
    const int64_t size = packed.type == output_f32 || packed.type == output_s32 ? 4 : 1;
    const LookupRow& row = codes_->row();
    LookupArgs args = {};
    args.a_stride = a_stride;
    args.blocks = codes_->blocks();
    args.stage = &packed;
    args.c_stride = features_;
    for (int64_t panel = first; panel < end; panel++) {
        args.codes = codes_->codes(panel);
        args.tables = codes_->tables(panel);
        args.column = panel * row.columns;
        args.columns = static_cast<int32_t>(std::min<int64_t>(row.columns, features_ - args.column));
        for (int64_t r = 0; r < rows; r += lookup_rows) {
            args.a = a + r * a_stride;
            args.c = static_cast<std::byte*>(c) + (r * features_ + args.column) * size;
            row.rows[std::min<int64_t>(lookup_rows, rows - r) - 1](args);
        }
    }
}

RowSplit RowProduct::split(int64_t total, int threads) const {
    RowSplit split = {};
    split.total = total;
    const double macs = static_cast<double>(total) * static_cast<double>(depth_ * features_);
    const int64_t wanted = pieces_worth(macs / macs_per_ns_, threads);
    // A band's rows of A should stay in half of L2 while the panels pass by.
    const int64_t in_cache =
        std::max<int64_t>(16, static_cast<int64_t>(cache_bytes(2) / 2) / std::max<int64_t>(1, depth_));
    split.rows = std::min(in_cache, std::max<int64_t>(16, ceil_div(total, wanted)));
    split.bands = std::max<int64_t>(1, ceil_div(total, split.rows));
    split.shares = std::min(parts(), ceil_div(wanted, split.bands));
    return split;
}

int64_t RowProduct::parts() const { return gemm_ ? gemm_->parts() : codes_->panels(); }

int64_t RowProduct::padded_depth() const { return gemm_ ? depth_ : codes_->blocks() * lookup_block; }

std::string RowProduct::kernel() const {
    if (gemm_) return gemm_->kernel();
    return std::string("lookup_u8c4_") + std::to_string(lookup_rows) + "x" + std::to_string(codes_->row().columns) +
           "_" + codes_->row().isa;
}

std::string RowProduct::reason() const {
    return gemm_ ? gemm_->reason() : "few rows: 4-bit codes are decoded inside the kernel";
}

int64_t RowProduct::weight_bytes() const {
    return gemm_ ? gemm_->weight_bytes() : static_cast<int64_t>(codes_->bytes()) + stage_.bytes();
}

}  // namespace octavo
