// Linear layers whose float input is quantized at run time, by the range of the whole tensor (PyTorch's quantized.dynamic).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/numerics.h"
#include "base/sizes.h"
#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/linear_rows.h"
#include "ops/split.h"
#include "ops/sum_bounds.h"
#include "registry/quantize.h"
#include "registry/stats.h"

namespace octavo {
namespace {

struct Parameters {
    float scale;
    int32_t zero_point;
};

// fbgemm's choice for codes 0 to last: the range is widened to hold 0; a scale of zero, or one whose inverse is infinite, becomes
// 0.1; one below 6.1e-5 becomes that, and the range grows with it. The zero point comes from the end of the range that loses
// less, in double, before the scale is rounded to float.
Parameters choose_parameters(float min, float max, int last) {
    constexpr float least_scale = 6.1e-5f;
    min = std::min(min, 0.0f);
    max = std::max(max, 0.0f);
    double scale = (static_cast<double>(max) - min) / last;
    if (static_cast<float>(scale) == 0.0f || std::isinf(1.0f / static_cast<float>(scale))) scale = 0.1;
    if (scale < static_cast<double>(least_scale)) {
        const float growth = least_scale / static_cast<float>(scale);
        scale = static_cast<double>(least_scale);
        if (min == 0.0f) {
            max = least_scale * static_cast<float>(last);
        } else if (max == 0.0f) {
            min = -least_scale * static_cast<float>(last);
        } else {
            min *= growth;
            max *= growth;
        }
    }
    const double steps_below = min / scale, steps_above = max / scale;
    const double error_below = -std::fabs(steps_below), error_above = last - std::fabs(steps_above);
    const double zero_point = error_below < error_above ? -steps_below : last - steps_above;
    Parameters parameters = {static_cast<float>(scale), 0};
    parameters.zero_point = zero_point < 0      ? 0
                            : zero_point > last ? last
                                                : static_cast<int32_t>(std::nearbyint(zero_point));
    return parameters;
}

// ONNX's choice for codes 0 to 255, in float throughout: the range is widened to hold 0; a scale of 0 becomes 1.
Parameters choose_onnx_parameters(float min, float max) {
    constexpr float last = 255;
    min = std::min(min, 0.0f);
    max = std::max(max, 0.0f);
    float scale = (max - min) / last;
    if (scale == 0.0f) scale = 1;
    return {scale, static_cast<int32_t>(std::nearbyint(std::min(-min / scale, last)))};
}

class LinearDynamic : public Op {
public:
    LinearDynamic(const OpDesc& desc, const std::string& where)
        : shape_(linear_shape(desc, where)),
          attributes_(desc.attributes),
          quantize_(&quantize_kernels(desc.isa)),
          stats_(&stats_kernels(desc.isa)) {
        const LinearWeights weights(*desc.inputs[1], desc.isa, where, desc.weights);
        const Value* bias = desc.inputs.size() > 2 ? desc.inputs[2] : nullptr;
        if (bias != nullptr && bias->dtype != OCTAVO_F32) throw Refusal(where + ": the bias must be f32");
        if (attributes_.quotient && attributes_.reduce_range)
            throw Refusal(where + ": quotients take all 8 bits, no reduced range");
        // With scale 1 and zero point 1 the packed multipliers are the weights' scales, and the starts what one step of the zero
        // point adds.
        const Activations unit = {1, 1, false, 0, 255};
        StageOperands operands = {&weights.dense,   unit,  bias,         nullptr,     desc.outputs[0],
                                  &desc.attributes, where, desc.threads, desc.weights};
        // The zero point may become any code; sums are largest with those at the ends.
        for (int zero_point : {0, 255}) {
            operands.x.zero_point = zero_point;
            require_32_bit_sums(operands);
        }
        operands.x = unit;
        product_ = std::make_unique<RowProduct>(desc.isa, weights, shape_, operands);
        columns_ = product_->columns();
        for (int64_t part = 0; part <= product_->parts(); part++) first_.push_back(product_->first_column(part));
    }

    void run(const RunArgs& args) const noexcept override {
        const Split split = split_of(args.batch, args.threads);
        const auto* x = static_cast<const float*>(args.inputs[0]);
        auto* y = static_cast<float*>(args.outputs[0]);
        auto* scratch = static_cast<std::byte*>(args.scratch);
        auto* codes = reinterpret_cast<uint8_t*>(scratch + split.codes_at);
        const Range range = range_of(x, split.rows.total * shape_.depth, args.threads, scratch + split.codes_at);
        const bool onnx = attributes_.quotient != 0;
        const Parameters parameters =
            onnx ? choose_onnx_parameters(range.min, range.max)
                 : choose_parameters(range.min, range.max, attributes_.reduce_range ? 127 : 255);

        const OutputStage packed = product_->stage();
        OutputStage stage = packed;
        auto* start = reinterpret_cast<int32_t*>(scratch + split.start_at);
        auto* multiplier = reinterpret_cast<float*>(scratch + split.multiplier_at);
        stage.start = start;
        stage.multiplier = multiplier;
        // What the parameters of this run make of the stage, for columns [begin, end).
        const auto prepare = [&](int64_t begin, int64_t end) {
            const auto zero_point = static_cast<uint32_t>(parameters.zero_point);
            for (int64_t i = begin; i < end; i++) {
                start[i] = static_cast<int32_t>(static_cast<uint32_t>(packed.start[i]) * zero_point);
                // Finite, so that it leaves a sum of 0 at 0.
                multiplier[i] = std::min(parameters.scale * packed.multiplier[i], std::numeric_limits<float>::max());
            }
        };
        const auto quantize = [&](int64_t row, int64_t rows) {
            (onnx ? quantize_->quotient_u8 : quantize_->fused_u8)(
                {x + row * shape_.depth, codes + row * shape_.depth, rows * shape_.depth,
                 onnx ? parameters.scale : 1.0f / parameters.scale, parameters.zero_point, 0, 255});
        };
        // A band that one item takes alone is quantized by it, just before its rows are needed; and a share of the columns is
        // prepared by the one item that needs it.
        const bool one_share = split.rows.shares == 1, one_band = split.rows.bands == 1;
        const int64_t parts = product_->parts();
        if (!one_share) quantize(0, split.rows.total);
        if (!one_band) prepare(0, columns_);
        const auto work = [&](int64_t item, int worker) {
            const int64_t band = item / split.rows.shares, share = item % split.rows.shares;
            const int64_t row = band * split.rows.rows, rows = std::min(split.rows.rows, split.rows.total - row);
            const int64_t first = parts * share / split.rows.shares, end = parts * (share + 1) / split.rows.shares;
            if (one_share) quantize(row, rows);
            if (one_band) prepare(first_[static_cast<size_t>(first)], first_[static_cast<size_t>(end)]);
            product_->run(codes + row * shape_.depth, shape_.depth, rows, y + row * shape_.features,
                          scratch + static_cast<size_t>(worker) * split.worker, first, end, stage,
                          parameters.zero_point);
        };
        if (split.rows.items() == 1) {
            work(0, 0);
        } else {
            parallel_for(split.rows.items(), args.threads, work);
        }
        clamp_floats(y, split.rows.total * shape_.features, attributes_, args.threads);
    }

    size_t scratch_bytes(int64_t batch, int threads) const override { return split_of(batch, threads).scratch; }
    bool couples_batch() const override { return shape_.batched; }
    std::string kernel() const override { return "linear_dynamic_" + product_->kernel(); }
    std::string reason() const override { return product_->reason(); }
    int64_t weight_bytes() const override { return product_->weight_bytes(); }
    int64_t macs() const override { return shape_.macs(); }

private:
    struct Split {
        RowSplit rows;
        size_t worker;  // bytes of each worker, at the front
        size_t start_at, multiplier_at, codes_at, scratch;
    };

    Split split_of(int64_t batch, int threads) const {
        Split split = {};
        const int64_t total = shape_.batched ? batch * shape_.rows : shape_.rows;
        split.rows = product_->split(total, threads);
        split.worker = round_up(product_->scratch_bytes(std::min(split.rows.rows, total)), alignment);
        split.start_at = split.worker * static_cast<size_t>(std::max(threads, 1));
        split.multiplier_at = split.start_at + round_up(static_cast<size_t>(columns_) * sizeof(int32_t), alignment);
        split.codes_at = split.multiplier_at + round_up(static_cast<size_t>(columns_) * sizeof(float), alignment);
        split.scratch = split.codes_at + round_up(static_cast<size_t>(total * shape_.depth) + 64, alignment);
        return split;
    }

    // Of n floats; `memory` holds n bytes or more.
    Range range_of(const float* x, int64_t n, int threads, std::byte* memory) const noexcept {
        constexpr int64_t picoseconds = 50;  // an element
        constexpr Range empty = {INFINITY, -INFINITY, 0, 0};
        const int64_t pieces = std::min<int64_t>(threads, n * picoseconds / worth_a_thread);
        Range range = empty;
        if (pieces <= 1) {
            stats_->range(x, n, &range);
            return range;
        }
        auto* ranges = reinterpret_cast<Range*>(memory);
        parallel_for(pieces, threads, [&](int64_t i, int) {
            Range found = empty;
            stats_->range(x + n * i / pieces, n * (i + 1) / pieces - n * i / pieces, &found);
            ranges[i] = found;
        });
        for (int64_t i = 0; i < pieces; i++) {
            range.min = std::min(range.min, ranges[i].min);
            range.max = std::max(range.max, ranges[i].max);
        }
        return range;
    }

    LinearShape shape_;
    Attributes attributes_;
    const QuantizeKernels* quantize_;
    const StatsKernels* stats_;
    std::unique_ptr<RowProduct> product_;
    int64_t columns_;
    std::vector<int64_t> first_;  // column of each part, and columns_
};

}  // namespace

std::unique_ptr<Op> create_linear_dynamic(const OpDesc& desc) {
    const std::string where = "linear_dynamic \"" + desc.name + "\"";
    require_linear_operands(desc, where);
    if (desc.inputs[0]->dtype != OCTAVO_F32 || desc.outputs[0]->dtype != OCTAVO_F32) {
        throw Refusal(where + ": takes and gives f32");
    }
    return std::make_unique<LinearDynamic>(desc, where);
}

}  // namespace octavo
