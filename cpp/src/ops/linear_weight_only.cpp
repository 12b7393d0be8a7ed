// Linear layers on floats with quantized weights: these are read as they are packed, and made floats in registers.
#include <algorithm>
#include <memory>

#include "base/sizes.h"
#include "cpu/pool.h"
#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/linear_rows.h"
#include "ops/packing.h"
#include "pack/weight_only_panels.h"
#include "registry/products.h"
#include "registry/transpose.h"

namespace octavo {
namespace {

std::shared_ptr<const WeightOnlyPanels> pack(const OpDesc& desc, const std::string& where) {
    const WeightOnlyRow& row = weight_only_row(desc.isa);
    const std::optional<Value> low_bits = row.fast_codes ? low_bit_codes(*desc.inputs[1], desc.weights) : std::nullopt;
    const Value& weight = low_bits ? *low_bits : *desc.inputs[1];
    const Value* bias = desc.inputs.size() > 2 ? desc.inputs[2] : nullptr;
    require_group_size(weight, where);
    const DenseWeights dense = dense_weights(weight, where, Groups::allowed);
    if (bias != nullptr && (bias->role != OCTAVO_CONSTANT || bias->dtype != OCTAVO_F32)) {
        throw Refusal(where + ": with float input and quantized weights the bias must be a constant of f32");
    }
    if (bias != nullptr && bias->elements() != dense.outputs) {
        shapes_differ(where, *bias, "[" + std::to_string(dense.outputs) + "]");
    }
    const auto describe = [&](Hash& key) {
        key.add(&row).add(&transpose_kernels(desc.isa));
        describe_constant(weight, key);
        if (bias != nullptr) describe_constant(*bias, key);
    };
    return shared_or_made(desc.weights, "weight-only panels", describe, [&] {
        if (weight.dtype == OCTAVO_CODE4) require_codes(weight, where);
        const Share share = packing_threads(dense.outputs * dense.depth, desc.threads);
        WeightOnlyPanels panels = weight.dtype == OCTAVO_CODE4 && has_one_table(weight)
                                      ? WeightOnlyPanels(row, weight.as<uint8_t>(), dense.outputs, dense.depth,
                                                         weight.table.data(), weight.table_size, share)
                                      : WeightOnlyPanels(row, transpose_kernels(desc.isa), dense.values.data(),
                                                         dense.outputs, dense.depth, share);
        panels.set_parameters(dense.scales, dense.zero_points, dense.group_size > 0 ? dense.group_size : dense.depth);
        if (bias != nullptr) panels.set_bias(bias->as<float>());
        return panels;
    });
}

class LinearWeightOnly : public Op {
public:
    LinearWeightOnly(const OpDesc& desc, const std::string& where)
        : shape_(linear_shape(desc, where)),
          attributes_(desc.attributes),
          group_size_(desc.inputs[1]->group_size),
          unpacked_codes_(desc.inputs[1]->dtype == OCTAVO_CODE4),
          panels_(pack(desc, where)) {
        unpacked_codes_ = unpacked_codes_ && !panels_->codes();
    }

    void run(const RunArgs& args) const noexcept override {
        const auto* x = static_cast<const float*>(args.inputs[0]);
        auto* y = static_cast<float*>(args.outputs[0]);
        const WeightOnlyRow& row = panels_->row();
        const WeightOnlyFn* functions = panels_->codes() ? row.codes : row.bytes;
        const int64_t total = shape_.batched ? args.batch * shape_.rows : shape_.rows;
        const RowSplit split = split_rows(total, shape_, static_cast<int64_t>(sizeof(float)), row.macs_per_ns,
                                          panels_->panels(), args.threads);
        const auto work = [&](int64_t item, int) {
            const int64_t share = item % split.shares, first = item / split.shares * split.rows;
            const int64_t rows = std::min(split.rows, total - first), passes = ceil_div<int64_t>(rows, row.rows);
            const int64_t end = panels_->panels() * (share + 1) / split.shares;
            for (int64_t panel = panels_->panels() * share / split.shares; panel < end; panel++) {
                WeightOnlyArgs tile = panels_->args(panel);
                tile.x_stride = shape_.depth;
                for (int64_t pass = 0; pass < passes; pass++) {
                    const int64_t from = first + rows * pass / passes, to = first + rows * (pass + 1) / passes;
                    tile.x = x + from * shape_.depth;
                    tile.y = y + from * shape_.features + panel * row.columns;
                    functions[to - from - 1](tile);
                }
            }
        };
        if (split.items() == 1) {
            work(0, 0);
        } else {
            parallel_for(split.items(), args.threads, work);
        }
        clamp_floats(y, total * shape_.features, attributes_, args.threads);
    }

    std::string kernel() const override {
        const WeightOnlyRow& row = panels_->row();
        return std::string("linear_weight_only_f32") + (panels_->codes() ? "c4_" : "s8_") + std::to_string(row.rows) +
               "x" + std::to_string(row.columns) + "_" +
               (group_size_ > 0 ? "g" + std::to_string(group_size_) + "_" : "") + row.isa;
    }
    std::string reason() const override {
        return unpacked_codes_ ? "tables of its channels differ: 4-bit codes are decoded to bytes beforehand" : "";
    }
    int64_t weight_bytes() const override { return static_cast<int64_t>(panels_->bytes()); }
    int64_t macs() const override { return shape_.macs(); }

private:
    LinearShape shape_;
    Attributes attributes_;
    int group_size_;
    bool unpacked_codes_;
    std::shared_ptr<const WeightOnlyPanels> panels_;
};

}  // namespace

std::unique_ptr<Op> create_linear_weight_only(const OpDesc& desc) {
    const std::string where = "linear \"" + desc.name + "\"";
    require_linear_operands(desc, where);
    if (desc.outputs[0]->dtype != OCTAVO_F32) {
        throw Refusal(where + ": with float input and quantized weights the result is f32");
    }
    return std::make_unique<LinearWeightOnly>(desc, where);
}

}  // namespace octavo
