#include "ops/linear_rows.h"

#include <algorithm>

#include "base/sizes.h"
#include "ops/checks.h"
#include "ops/splitting.h"

namespace octavo {

void require_linear_operands(const OpDesc& desc, const std::string& where) {
    if (desc.inputs.size() < 2 || desc.inputs[0] == nullptr || desc.inputs[1] == nullptr || desc.outputs.empty() ||
        desc.outputs[0] == nullptr) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": needs an input, a weight and an output");
    }
    refuse_constant(*desc.inputs[0], where);
}

LinearShape linear_shape(const OpDesc& desc, const std::string& where) {
    const Value& x = *desc.inputs[0];
    const Value& w = *desc.inputs[1];
    const Value& y = *desc.outputs[0];
    if (x.dims.empty() || (x.batched && x.dims.size() < 2)) shapes_differ(where, x, "[.., K]");
    if (w.dims.size() != 2) shapes_differ(where, w, "[N, K]");
    LinearShape shape = {};
    shape.depth = x.dims.back();
    shape.features = w.dims[0];
    shape.batched = x.batched;
    if (w.dims[1] != shape.depth)
        shapes_differ(where, w, "[N, " + std::to_string(shape.depth) + "] for an input " + x.shape_text());
    std::vector<int64_t> expected = x.dims;
    expected.back() = shape.features;
    if (y.dims != expected || y.batched != x.batched)
        shapes_differ(where, y,
                      "that of \"" + x.name + "\" " + x.shape_text() + " with " + std::to_string(shape.features) +
                          " features last");
    if (x.layout != OCTAVO_PLAIN || y.layout != OCTAVO_PLAIN) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": input and output must be laid out row by row, not as NHWC");
    }
    shape.rows = checked_product(x.dims) / shape.depth;
    checked_product({shape.rows, shape.depth, shape.features});  // of macs()
    if (shape.depth > INT32_MAX / 8)
        throw Refusal(where + ": rows of more than " + std::to_string(INT32_MAX / 8) + " elements");
    return shape;
}

RowSplit split_rows(int64_t total, const LinearShape& shape, int64_t element_bytes, int macs_per_ns, int64_t parts,
                    int threads) {
    RowSplit split = {};
    split.total = total;
    if (threads <= 1 && total <= 16) {
        split.rows = 16;
        split.bands = split.shares = 1;
        return split;
    }
    const double macs = static_cast<double>(total) * static_cast<double>(shape.depth * shape.features);
    // Of few rows most of the time goes into reading the weights.
    const double weights = static_cast<double>(shape.depth * shape.features);
    constexpr double weights_per_ns = 90;
    const int64_t wanted = pieces_worth(std::max(macs / macs_per_ns, weights / weights_per_ns), threads);
    // A band's rows of A should stay in half of L2 while the panels pass by.
    const int64_t in_cache = std::max<int64_t>(
        16, static_cast<int64_t>(cache_bytes(2) / 2) / std::max<int64_t>(1, shape.depth * element_bytes));
    // Of the two matrices the smaller one is read by all.
    const int64_t shares = shape.features > total ? even_shares(parts, wanted, threads) : 1;
    split.rows = std::min(in_cache, std::max<int64_t>(16, ceil_div(total, ceil_div(wanted, shares))));
    split.bands = std::max<int64_t>(1, ceil_div(total, split.rows));
    split.shares = std::max(shares, std::min(parts, ceil_div(wanted, split.bands)));
    return split;
}

LinearWeights::LinearWeights(const Value& weight, Isa isa, const std::string& where, SharedObjects* facts)
    : given(&weight) {
    const bool as_codes = given->group_size > 0 || lookup_row(isa, true).layout == lookup_columns;
    if (as_codes) codes = low_bit_codes(weight, facts);
    require_group_size(weight, where);
    dense = dense_weights(value(), where, Groups::allowed);
}

RowProduct::RowProduct(Isa isa, const LinearWeights& weights, const LinearShape& shape, const StageOperands& operands)
    : depth_(shape.depth),
      features_(shape.features),
      zero_point_(operands.x.zero_point),
      macs_per_ns_(product_rate(isa).macs_per_ns) {
    const Value& weight = weights.value();
    // Many rows a sample make up for the larger weights that were decoded beforehand.
    const bool few_rows = shape.rows <= 8;
    const bool codes = weight.dtype == OCTAVO_CODE4 && few_rows && !weights.dense.has_zero_points();
    if (weights.dense.group_size > 0 || codes) {
        codes_ = std::make_unique<CodeProduct>(isa, weight, operands);
        macs_per_ns_ = std::max(1, macs_per_ns_ / 2);
        return;
    }
    GroupLayout layout;
    layout.add_run(0, 0, depth_);
    gemm_ = matrix_product(isa, std::move(layout), operands, 1, 0, 0);
}

void RowProduct::run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
                     int64_t end) const noexcept {
    run(a, a_stride, rows, c, scratch, first, end, stage(), zero_point_);
}

void RowProduct::run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
                     int64_t end, const OutputStage& stage, int32_t zero_point) const noexcept {
    if (rows == 0) return;
    if (codes_) {
        codes_->run(a, a_stride, rows, c, scratch, first, end, stage, zero_point);
        return;
    }
    Lines lines = {};
    lines.a = a;
    lines.pixel_bytes = a_stride;
    lines.lines = 1;
    lines.pixels = rows;
    lines.c = c;
    lines.scratch = scratch;
    gemm_->run(lines, first, end, stage);
}

RowSplit RowProduct::split(int64_t total, int threads) const {
    return split_rows(total, {0, depth_, features_, false}, 1, macs_per_ns_, parts(), threads);
}

std::string RowProduct::reason() const { return gemm_ ? gemm_->reason() : codes_->reason(); }

}  // namespace octavo
