// LAYER_NORM, GROUP_NORM, LOCAL_RESPONSE. Statistics are sums in double of the elements and of their squares.
#include <algorithm>
#include <cmath>

#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/line.h"
#include "ops/memory_order.h"
#include "ops/plain_type.h"
#include "ops/split.h"
#include "registry/norm.h"
#include "registry/reduce.h"

namespace octavo {
namespace {

struct Moments {
    float mean = 0, rest = 0, inverse;

    // From sums over `count` elements; without a mean it is taken for 0.
    Moments(double sum, double squares, double count, float epsilon, bool with_mean) {
        const double middle = with_mean ? sum / count : 0;
        double variance = squares / count - middle * middle;
        if (variance < 0) variance = 0;  // NaN stays
        mean = static_cast<float>(middle);
        rest = std::isfinite(mean) ? static_cast<float>(middle - double{mean}) : 0;
        inverse = static_cast<float>(1 / std::sqrt(variance + double{epsilon}));
    }
};

double sum_of_parts(double (&parts)[reduce_parts]) {
    for (int64_t step = reduce_parts / 2; step > 0; step /= 2)
        for (int64_t i = 0; i < step; i++) parts[i] += parts[i + step];
    return parts[0];
}

Moments moments_of_row(const ReduceKernels& kernels, const float* x, int64_t n, float epsilon, bool with_mean) {
    double parts[reduce_parts] = {}, squares[reduce_parts] = {};
    if (with_mean) kernels.sum_along[sum_of_elements](x, n, parts);
    kernels.sum_along[sum_of_squares](x, n, squares);
    return {sum_of_parts(parts), sum_of_parts(squares), static_cast<double>(n), epsilon, with_mean};
}

void only_floats(const Checks& checks, const Value& value) {
    if (value.dtype != OCTAVO_F32) checks.refuse("\"" + value.name + "\" is " + kind_of(value) + "; f32 alone can run");
}

// ---- LAYER_NORM

// A scale or bias as one number an element of a row: a constant is spread, another one must lie so.
class RowParameter {
public:
    RowParameter(const Checks& checks, const Value* parameter, const Value& x, int axis) {
        if (parameter == nullptr) return;
        only_floats(checks, *parameter);
        const size_t rank = x.dims.size(), missing = rank - std::min(rank, parameter->dims.size());
        bool same = true;  // as the row
        for (size_t d = 0; d < rank; d++) {
            const int64_t own = d < missing ? 1 : parameter->dims[d - missing];
            const bool inside = d >= static_cast<size_t>(axis);
            if (parameter->dims.size() > rank || parameter->batched || (own != 1 && (!inside || own != x.dims[d])))
                checks.refuse("\"" + parameter->name + "\" has shape " + parameter->shape_text() +
                              ", expected one that is broadcast to the dimensions of \"" + x.name + "\", " +
                              x.shape_text() + ", from axis " + std::to_string(axis) + " on");
            if (inside) same = same && own == x.dims[d];
        }
        given_ = true;
        if (parameter->role != OCTAVO_CONSTANT) {
            if (!same || x.layout != OCTAVO_PLAIN || parameter->layout != OCTAVO_PLAIN)
                checks.refuse("\"" + parameter->name + "\" is no constant and has shape " + parameter->shape_text() +
                              ", expected all dimensions of a row in plain layout");
            return;
        }
        const MemoryOrder order = memory_order(x);
        const std::vector<int64_t> strides = memory_strides(*parameter);
        int64_t n = 1;
        for (size_t d = static_cast<size_t>(axis); d < rank; d++) n *= x.dims[d];
        spread_ = AlignedArray<float>(static_cast<size_t>(n));
        for (int64_t i = 0; i < n; i++) {
            int64_t rest = i, from = 0;
            for (size_t place = rank; place-- > 0;) {
                const auto d = static_cast<size_t>(order.axes[place]);
                if (d < static_cast<size_t>(axis)) continue;
                const int64_t at = rest % x.dims[d];
                rest /= x.dims[d];
                if (d >= missing && parameter->dims[d - missing] != 1) from += at * strides[d - missing];
            }
            spread_[static_cast<size_t>(i)] = parameter->as<float>()[from];
        }
    }

    const float* at(const void* run_time) const {
        return !given_ ? nullptr : spread_.empty() ? static_cast<const float*>(run_time) : spread_.data();
    }
    int64_t bytes() const { return static_cast<int64_t>(spread_.bytes()); }

private:
    bool given_ = false;
    AlignedArray<float> spread_;
};

class LayerNormOp : public Op {
public:
    LayerNormOp(const Checks& checks, const OpDesc& desc, int axis)
        : x_(checks.input(0)),
          scale_(checks, desc.inputs.size() > 1 ? desc.inputs[1] : nullptr, checks.input(0), axis),
          bias_(checks, desc.inputs.size() > 2 ? desc.inputs[2] : nullptr, checks.input(0), axis),
          batched_(checks.input(0).batched),
          centered_(desc.attributes.rms == 0),
          epsilon_(desc.attributes.epsilon),
          sums_(reduce_kernels(desc.isa)),
          kernels_(norm_kernels(desc.isa)) {
        const Value& x = checks.input(0);
        for (size_t d = static_cast<size_t>(axis); d < x.dims.size(); d++) n_ *= x.dims[d];
        rows_ = x.elements() / n_;
    }

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        const auto parameter = [&](const RowParameter& p, int i) {
            return p.at(i < inputs_ ? args.inputs[i] : nullptr);
        };
        const float *scale = parameter(scale_, 1), *bias = parameter(bias_, 2);
        float* y = static_cast<float*>(args.outputs[0]);
        float* statistics[2] = {};
        for (int i = 1; i < outputs_; i++) statistics[i - 1] = static_cast<float*>(args.outputs[i]);
        split(samples(batched_, args) * rows_, 1, n_ * 300, args.threads, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; row++) {
                const Moments m = moments_of_row(sums_, x + row * n_, n_, epsilon_, centered_);
                kernels_.row(x + row * n_, y + row * n_, n_, m.mean, m.rest, m.inverse, scale, bias);
                if (statistics[0] != nullptr) statistics[0][row] = m.mean;
                if (statistics[1] != nullptr) statistics[1][row] = m.inverse;
            }
        });
    }

    void operands(int inputs, int outputs) {
        inputs_ = inputs;
        outputs_ = outputs;
    }
    bool in_place() const override { return true; }
    std::string kernel() const override {
        return std::string(centered_ ? "layer_norm_f32_" : "rms_norm_f32_") + kernels_.suffix;
    }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes()) + scale_.bytes() + bias_.bytes(); }

private:
    Operand x_;
    RowParameter scale_, bias_;
    bool batched_, centered_;
    float epsilon_;
    const ReduceKernels& sums_;
    const NormKernels& kernels_;
    int64_t n_ = 1, rows_ = 1;
    int inputs_ = 1, outputs_ = 1;
};

// ---- GROUP_NORM

class GroupNormOp : public Op {
public:
    GroupNormOp(const Value& x, const Value& scale, const Value& bias, const Attributes& attributes, Isa isa)
        : x_(x),
          scale_(scale),
          bias_(bias),
          batched_(x.batched),
          last_(x.layout == OCTAVO_NHWC),
          images_(x.dims[0]),
          channels_(x.dims[1]),
          groups_(attributes.groups),
          pixels_(x.elements() / (x.dims[0] * x.dims[1])),
          epsilon_(attributes.epsilon),
          sums_(reduce_kernels(isa)),
          kernels_(norm_kernels(isa)) {}

    size_t scratch_bytes(int64_t, int threads) const override {
        return last_ ? static_cast<size_t>(threads) * scratch_of_one() : 0;
    }

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        const float* scale = static_cast<const float*>(scale_.at(args.inputs[1]));
        const float* bias = static_cast<const float*>(bias_.at(args.inputs[2]));
        float* y = static_cast<float*>(args.outputs[0]);
        const int64_t images = images_ * samples(batched_, args), image = channels_ * pixels_;
        if (last_) {
            const int threads = image * images * 500 < worth_a_thread ? 1 : args.threads;
            parallel_for(images, threads, [&](int64_t i, int worker) {
                char* scratch = static_cast<char*>(args.scratch) + static_cast<size_t>(worker) * scratch_of_one();
                channels_last(x + i * image, y + i * image, scale, bias, scratch);
            });
            return;
        }
        const int64_t per_group = channels_ / groups_, n = per_group * pixels_;
        split(images * groups_, 1, n * 300, args.threads, [&](int64_t begin, int64_t end) {
            for (int64_t group = begin; group < end; group++) {
                const Moments m = moments_of_row(sums_, x + group * n, n, epsilon_, true);
                for (int64_t c = 0; c < per_group; c++) {
                    const int64_t channel = group % groups_ * per_group + c, at = group * n + c * pixels_;
                    kernels_.plane(x + at, y + at, pixels_, m.mean, m.rest, m.inverse * scale[channel], bias[channel]);
                }
            }
        });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override {
        return std::string("group_norm_f32_") + (last_ ? "nhwc_" : "") + kernels_.suffix;
    }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes() + scale_.bytes() + bias_.bytes()); }

private:
    // Two sums, then mean, its rest and the factor of each channel.
    size_t scratch_of_one() const {
        return round_up<size_t>(static_cast<size_t>(channels_) * (2 * sizeof(double) + 3 * sizeof(float)), alignment);
    }

    void channels_last(const float* x, float* y, const float* scale, const float* bias, char* scratch) const {
        double* sum = reinterpret_cast<double*>(scratch);
        double* squares = sum + channels_;
        float* mean = reinterpret_cast<float*>(squares + channels_);
        float *rest = mean + channels_, *factor = rest + channels_;
        std::fill_n(sum, 2 * channels_, 0.0);
        for (int64_t pixel = 0; pixel < pixels_; pixel++) {
            sums_.sum_across[sum_of_elements](x + pixel * channels_, channels_, sum);
            sums_.sum_across[sum_of_squares](x + pixel * channels_, channels_, squares);
        }
        const int64_t per_group = channels_ / groups_;
        for (int64_t first = 0; first < channels_; first += per_group) {
            double all = 0, all_squares = 0;
            for (int64_t c = first; c < first + per_group; c++) {
                all += sum[c];
                all_squares += squares[c];
            }
            const Moments m(all, all_squares, static_cast<double>(per_group * pixels_), epsilon_, true);
            for (int64_t c = first; c < first + per_group; c++) {
                mean[c] = m.mean;
                rest[c] = m.rest;
                factor[c] = m.inverse * scale[c];
            }
        }
        for (int64_t pixel = 0; pixel < pixels_; pixel++)
            kernels_.columns(x + pixel * channels_, y + pixel * channels_, channels_, mean, rest, factor, bias);
    }

    Operand x_, scale_, bias_;
    bool batched_, last_;
    int64_t images_, channels_, groups_, pixels_;
    float epsilon_;
    const ReduceKernels& sums_;
    const NormKernels& kernels_;
};

// ---- LOCAL_RESPONSE

class LocalResponseOp : public Op {
public:
    LocalResponseOp(const Value& x, const Line& channels, const Attributes& attributes, const NormKernels& kernels)
        : x_(x),
          line_(channels),
          before_((attributes.size - 1) / 2),
          behind_(attributes.size - 1 - before_),
          factor_(attributes.alpha / static_cast<float>(attributes.size)),
          beta_(attributes.beta),
          bias_(attributes.bias),
          kernels_(kernels) {}

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        float* y = static_cast<float*>(args.outputs[0]);
        // Channels that lie one behind the other are the row, otherwise each is one.
        const bool row = line_.inner == 1;
        const int64_t n = row ? line_.count : line_.inner, blocks = ceil_div(n, block);
        const int64_t count = samples(line_.batched, args) * line_.outer * (row ? 1 : line_.count);
        const int64_t cost = std::min(n, block) * (700 + 100 * std::min(before_ + behind_ + 1, line_.count));
        split(count * blocks, 1, cost, args.threads, [&](int64_t begin, int64_t end) {
            float sums[block];
            for (int64_t i = begin; i < end; i++) {
                const int64_t first = i % blocks * block, size = std::min(block, n - first),
                              at = i / blocks * n + first;
                std::fill_n(sums, size, 0.0f);
                if (row)
                    sum_in_row(x + at, first, size, sums);
                else
                    sum_of_rows(x + at, i / blocks % line_.count, size, sums);
                kernels_.respond(x + at, sums, y + at, size, factor_, bias_, beta_);
            }
        });
    }

    std::string kernel() const override { return std::string("local_response_f32_") + kernels_.suffix; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes()); }

private:
    static constexpr int64_t block = 512;

    // x: channel `first` of its row.
    void sum_in_row(const float* x, int64_t first, int64_t size, float* sums) const {
        const int64_t least = std::max(-before_, -(first + size - 1)),
                      most = std::min(behind_, line_.count - 1 - first);
        for (int64_t shift = least; shift <= most; shift++) {
            const int64_t from = std::max<int64_t>(0, -(first + shift));
            const int64_t to = std::min(size, line_.count - first - shift);
            if (from < to) kernels_.add_squares(x + from + shift, to - from, sums + from);
        }
    }

    // x: in the row of this channel.
    void sum_of_rows(const float* x, int64_t channel, int64_t size, float* sums) const {
        const int64_t least = std::max(-before_, -channel), most = std::min(behind_, line_.count - 1 - channel);
        for (int64_t shift = least; shift <= most; shift++) kernels_.add_squares(x + shift * line_.inner, size, sums);
    }

    Operand x_;
    Line line_;
    int64_t before_, behind_;
    float factor_, beta_, bias_;
    const NormKernels& kernels_;
};

}  // namespace

std::unique_ptr<Op> create_layer_norm(const OpDesc& desc) {
    const Checks checks(desc, "layer_norm", 1);
    const Value &x = checks.input(0), &y = checks.output();
    only_floats(checks, x);
    only_floats(checks, y);
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    const int axis = desc.attributes.axis == -1 ? static_cast<int>(x.dims.size()) - 1 : desc.attributes.axis;
    line_along(checks, x, axis);
    if (x.layout == OCTAVO_NHWC && axis != 1)
        checks.refuse("from axis " + std::to_string(axis) + " of \"" + x.name +
                      "\", which lies channels last: plain layout runs, and axis 1");
    std::vector<int64_t> rows = x.dims;
    for (size_t d = static_cast<size_t>(axis); d < rows.size(); d++) rows[d] = 1;
    int outputs = 1;
    for (size_t i = 1; i < std::min<size_t>(desc.outputs.size(), 3); i++) {
        const Value* statistic = desc.outputs[i];
        if (statistic == nullptr) continue;
        only_floats(checks, *statistic);
        if (statistic->dims != rows || statistic->batched != x.batched)
            shapes_differ(checks.subject(), *statistic, "that of \"" + x.name + "\" with 1 from the axis on");
        outputs = static_cast<int>(i) + 1;
    }
    auto op = std::make_unique<LayerNormOp>(checks, desc, axis);
    op->operands(static_cast<int>(desc.inputs.size()), outputs);
    return op;
}

std::unique_ptr<Op> create_group_norm(const OpDesc& desc) {
    const Checks checks(desc, "group_norm", 3);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    for (const Value* value : {&x, &y, &checks.input(1), &checks.input(2)}) only_floats(checks, *value);
    if (x.dims.size() < 2)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + x.name + "\" has shape " + x.shape_text() + ", expected [N, C, ..]");
    for (size_t i : {1, 2}) {
        const Value& parameter = checks.input(i);
        if (parameter.batched || parameter.dims != std::vector<int64_t>{x.dims[1]})
            shapes_differ(checks.subject(), parameter, "[" + std::to_string(x.dims[1]) + "], one a channel");
    }
    if (x.dims[1] % desc.attributes.groups != 0)
        checks.fail(OCTAVO_INVALID_ARGUMENT, std::to_string(desc.attributes.groups) + " groups do not divide the " +
                                                 std::to_string(x.dims[1]) + " channels of \"" + x.name + "\"");
    return std::make_unique<GroupNormOp>(x, checks.input(1), checks.input(2), desc.attributes, desc.isa);
}

std::unique_ptr<Op> create_local_response(const OpDesc& desc) {
    const Checks checks(desc, "local_response", 1);
    const Value &x = checks.input(0), &y = checks.output();
    only_floats(checks, x);
    only_floats(checks, y);
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    if (x.dims.size() < 2)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + x.name + "\" has shape " + x.shape_text() + ", expected [N, C, ..]");
    return std::make_unique<LocalResponseOp>(x, line_along(checks, x, 1), desc.attributes, norm_kernels(desc.isa));
}

}  // namespace octavo
