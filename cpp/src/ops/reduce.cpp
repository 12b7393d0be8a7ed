// REDUCE: elements along axes become one. The innermost dimension in memory is either reduced, row by row, or stays, and then rows are
// put together element by element.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/factories.h"
#include "ops/functions.h"
#include "ops/plain_type.h"
#include "ops/reduction_order.h"
#include "ops/split.h"
#include "registry/reduce.h"

namespace octavo {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int64_t most_codes_in_a_sum = int64_t{1} << 23;

class ReduceOp : public Op {
public:
    ReduceOp(const Value& x, ReductionOrder order, std::string name, int64_t cost)
        : x_(x),
          element_bytes_(static_cast<int64_t>(x.element_bytes())),
          order_(std::move(order)),
          name_(std::move(name)),
          cost_(cost) {}

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        const int kept = static_cast<int>(order_.kept.size());
        // Rows that stay are cut into blocks.
        const int outer = order_.along ? kept : kept - 1;
        const ReductionDim& row = order_.kept.back();
        const int64_t length = order_.along ? 1 : row.size * (outer == 0 ? samples(order_.batched, args) : 1);
        const int64_t blocks = ceil_div(length, block);
        int64_t count = outer == 0 ? 1 : samples(order_.batched, args);
        for (int d = 0; d < outer; d++) count *= order_.kept[d].size;
        const int64_t cost = order_.count * std::min(length, block) * cost_;
        split(count * blocks, 1, cost, args.threads, [&](int64_t begin, int64_t end) {
            ReductionPlace place(order_.kept.data(), outer, begin / blocks);
            for (int64_t i = begin; i < end; i++) {
                const int64_t first = i % blocks * block;
                if (order_.along)
                    reduce_along(x + place.x * element_bytes_, args.outputs[0], place.y);
                else
                    reduce_across(x + (place.x + first) * element_bytes_, std::min(block, length - first),
                                  args.outputs[0], place.y + first * row.y_stride, row.y_stride);
                if ((i + 1) % blocks == 0) place.next();
            }
        });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes()); }

protected:
    static constexpr int64_t block = 512;

    // One element: y[at].
    virtual void reduce_along(const char* x, void* y, int64_t at) const noexcept = 0;
    // n <= block elements y[at], y[at + step], .., x being the first of their rows.
    virtual void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept = 0;

    // Calls body(row, n) for each row of the innermost reduced dimension.
    template <class Body>
    void each_row(const char* x, const Body& body) const {
        const ReductionDim& row = order_.reduced.back();
        each_place(static_cast<int>(order_.reduced.size()) - 1, x, [&](const char* from) { body(from, row.size); });
    }

    // Calls body(x of the place) for each place of the first reduced dimensions.
    template <class Body>
    void each_place(int dims, const char* x, const Body& body) const {
        int64_t count = 1;
        for (int d = 0; d < dims; d++) count *= order_.reduced[d].size;
        ReductionPlace place(order_.reduced.data(), dims, 0);
        for (int64_t i = 0; i < count; i++, place.next()) body(x + place.x * element_bytes_);
    }

    template <class Body>
    void each_place(const char* x, const Body& body) const {
        each_place(static_cast<int>(order_.reduced.size()), x, body);
    }

    Operand x_;
    int64_t element_bytes_;
    ReductionOrder order_;

private:
    std::string name_;
    int64_t cost_;
};

const float* floats(const char* x) { return reinterpret_cast<const float*>(x); }

// The parts of a row, 0 + 8, 1 + 9, .. and so on.
template <class T, class F>
T put_together(T (&parts)[reduce_parts], const F& with) {
    for (int64_t step = reduce_parts / 2; step > 0; step /= 2)
        for (int64_t i = 0; i < step; i++) parts[i] = with(parts[i], parts[i + step]);
    return parts[0];
}

template <class T>
T greater(T a, T b) {
    return b > a || b != b ? b : a;
}
template <class T>
T lesser(T a, T b) {
    return b < a || b != b ? b : a;
}

// Sums and products, in double.
class ReduceSumsOp : public ReduceOp {
public:
    ReduceSumsOp(const Value& x, ReductionOrder order, std::string name, int32_t kind, const ReduceKernels& kernels)
        : ReduceOp(x, std::move(order), std::move(name), 150),
          kind_(kind),
          of_(kind == OCTAVO_REDUCE_L1                                       ? sum_of_magnitudes
              : kind == OCTAVO_REDUCE_L2 || kind == OCTAVO_REDUCE_SUM_SQUARE ? sum_of_squares
              : kind == OCTAVO_REDUCE_PROD                                   ? product_of_elements
                                                                             : sum_of_elements),
          kernels_(kernels) {}

protected:
    void reduce_along(const char* x, void* y, int64_t at) const noexcept override {
        double parts[reduce_parts];
        std::fill_n(parts, reduce_parts, neutral());
        each_row(x, [&](const char* row, int64_t n) { kernels_.sum_along[of_](floats(row), n, parts); });
        const bool product = of_ == product_of_elements;
        static_cast<float*>(y)[at] =
            result(put_together(parts, [&](double a, double b) { return product ? a * b : a + b; }));
    }

    void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept override {
        double parts[block];
        std::fill_n(parts, n, neutral());
        each_place(x, [&](const char* row) { kernels_.sum_across[of_](floats(row), n, parts); });
        for (int64_t i = 0; i < n; i++) static_cast<float*>(y)[at + i * step] = result(parts[i]);
    }

private:
    double neutral() const { return of_ == product_of_elements ? 1 : 0; }
    float result(double sum) const {
        switch (kind_) {
            case OCTAVO_REDUCE_MEAN:
                return static_cast<float>(sum / static_cast<double>(order_.count));
            case OCTAVO_REDUCE_L2:
                return static_cast<float>(std::sqrt(sum));
            case OCTAVO_REDUCE_LOG_SUM:
                return static_cast<float>(std::log(sum));
            default:
                return static_cast<float>(sum);
        }
    }

    int32_t kind_;
    SumOf of_;
    const ReduceKernels& kernels_;
};

class ReduceExtremeOp : public ReduceOp {
public:
    ReduceExtremeOp(const Value& x, ReductionOrder order, std::string name, bool least, const ReduceKernels& kernels)
        : ReduceOp(x, std::move(order), std::move(name), 60), least_(least), kernels_(kernels) {}

protected:
    void reduce_along(const char* x, void* y, int64_t at) const noexcept override {
        float parts[reduce_parts];
        std::fill_n(parts, reduce_parts, neutral());
        each_row(x, [&](const char* row, int64_t n) { kernels_.extreme_along[least_](floats(row), n, parts); });
        static_cast<float*>(y)[at] = put_together(parts, least_ ? lesser<float> : greater<float>);
    }

    void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept override {
        float parts[block];
        std::fill_n(parts, n, neutral());
        each_place(x, [&](const char* row) { kernels_.extreme_across[least_](floats(row), n, parts); });
        for (int64_t i = 0; i < n; i++) static_cast<float*>(y)[at + i * step] = parts[i];
    }

private:
    float neutral() const { return least_ ? infinity : -infinity; }
    bool least_;
    const ReduceKernels& kernels_;
};

// The logarithm of the sum of powers of e, of elements less the greatest one, so that none overflows.
class ReduceLogSumExpOp : public ReduceOp {
public:
    ReduceLogSumExpOp(const Value& x, ReductionOrder order, std::string name, const ReduceKernels& kernels)
        : ReduceOp(x, std::move(order), std::move(name), 600), kernels_(kernels) {}

protected:
    void reduce_along(const char* x, void* y, int64_t at) const noexcept override {
        float most[reduce_parts];
        std::fill_n(most, reduce_parts, -infinity);
        each_row(x, [&](const char* row, int64_t n) { kernels_.extreme_along[0](floats(row), n, most); });
        const float shift = finite(put_together(most, greater<float>));
        double parts[reduce_parts] = {};
        each_row(x, [&](const char* row, int64_t n) {
            float powers[block];
            for (int64_t i = 0; i < n; i += block) {
                const int64_t part = std::min(block, n - i);
                kernels_.exp_less(floats(row) + i, &shift, 0, powers, part);
                kernels_.sum_along[sum_of_elements](powers, part, parts);
            }
        });
        static_cast<float*>(y)[at] = result(put_together(parts, [](double a, double b) { return a + b; }), shift);
    }

    void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept override {
        float shift[block], powers[block];
        double parts[block];
        std::fill_n(shift, n, -infinity);
        std::fill_n(parts, n, 0.0);
        each_place(x, [&](const char* row) { kernels_.extreme_across[0](floats(row), n, shift); });
        for (int64_t i = 0; i < n; i++) shift[i] = finite(shift[i]);
        each_place(x, [&](const char* row) {
            kernels_.exp_less(floats(row), shift, 1, powers, n);
            kernels_.sum_across[sum_of_elements](powers, n, parts);
        });
        for (int64_t i = 0; i < n; i++) static_cast<float*>(y)[at + i * step] = result(parts[i], shift[i]);
    }

private:
    // An infinite greatest element would make NaN of itself.
    static float finite(float most) { return std::isinf(most) ? 0 : most; }
    static float result(double sum, float shift) { return static_cast<float>(std::log(sum) + double{shift}); }

    const ReduceKernels& kernels_;
};

// Mean, greatest and least of codes. Those of the same parameters have the zero point in each of them; a mean of others is that of the
// real numbers in double, rounded before the zero point is added.
class ReduceCodesOp : public ReduceOp {
public:
    ReduceCodesOp(const Value& x, const Value& y, ReductionOrder order, std::string name, int32_t kind,
                  const ReduceKernels& kernels)
        : ReduceOp(x, std::move(order), std::move(name), 20),
          signed_(x.dtype == OCTAVO_S8),
          kind_(kind),
          lo_(y.code_min),
          hi_(y.code_max),
          kernels_(kernels) {
        own_ = x.scales[0] != y.scales[0] || x.zero_points[0] != y.zero_points[0];
        zeros_ = order_.count * x.zero_points[0];
        divisor_ = static_cast<double>(order_.count) * double{y.scales[0]};
        scale_ = x.scales[0];
        zero_y_ = y.zero_points[0];
    }

protected:
    void reduce_along(const char* x, void* y, int64_t at) const noexcept override {
        if (kind_ == OCTAVO_REDUCE_MEAN) {
            int32_t sum = 0;
            each_row(x, [&](const char* row, int64_t n) { kernels_.codes_along[signed_](row, n, &sum); });
            write(y, at, mean(sum));
            return;
        }
        uint8_t parts[reduce_parts];
        std::fill_n(parts, reduce_parts, neutral());
        each_row(x, [&](const char* row, int64_t n) { kernels_.extreme_codes_along[signed_][least()](row, n, parts); });
        write(y, at, number(put_together(parts, [&](uint8_t a, uint8_t b) {
                  const bool other = least() ? number(b) < number(a) : number(b) > number(a);
                  return other ? b : a;
              })));
    }

    void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept override {
        if (kind_ == OCTAVO_REDUCE_MEAN) {
            int32_t sum[block];
            std::fill_n(sum, n, 0);
            const ReductionDim& rows = order_.reduced.back();
            each_place(static_cast<int>(order_.reduced.size()) - 1, x, [&](const char* first) {
                kernels_.codes_across[signed_](first, rows.size, rows.x_stride, n, sum);
            });
            for (int64_t i = 0; i < n; i++) write(y, at + i * step, mean(sum[i]));
            return;
        }
        uint8_t parts[block];
        std::fill_n(parts, n, neutral());
        each_place(x, [&](const char* row) { kernels_.extreme_codes_across[signed_][least()](row, n, parts); });
        for (int64_t i = 0; i < n; i++) write(y, at + i * step, number(parts[i]));
    }

private:
    bool least() const { return kind_ == OCTAVO_REDUCE_MIN; }
    uint8_t neutral() const { return static_cast<uint8_t>(signed_ ? (least() ? 127 : 128) : (least() ? 255 : 0)); }
    int number(uint8_t code) const { return signed_ ? static_cast<int8_t>(code) : code; }
    int mean(int32_t sum) const {
        if (!own_) return static_cast<int>(std::nearbyint(sum / static_cast<double>(order_.count)));
        const double steps = std::nearbyint(static_cast<double>(sum - zeros_) * scale_ / divisor_);
        return static_cast<int>(std::min(std::max(steps, -1e6), 1e6)) + zero_y_;
    }
    void write(void* y, int64_t at, int code) const {
        static_cast<uint8_t*>(y)[at] = static_cast<uint8_t>(std::min(std::max(code, lo_), hi_));
    }

    bool signed_, own_;
    int32_t kind_;
    int lo_, hi_;
    int64_t zeros_;           // of all elements
    double scale_, divisor_;  // of x; of y times the number of elements
    int32_t zero_y_;
    const ReduceKernels& kernels_;
};

// Integers, in 64 bits that wrap: rare, and so plain.
template <class T>
class ReduceIntegersOp : public ReduceOp {
public:
    ReduceIntegersOp(const Value& x, ReductionOrder order, std::string name, int32_t kind)
        : ReduceOp(x, std::move(order), std::move(name), 1500), kind_(kind) {}

protected:
    void reduce_along(const char* x, void* y, int64_t at) const noexcept override { reduce_across(x, 1, y, at, 1); }

    void reduce_across(const char* x, int64_t n, void* y, int64_t at, int64_t step) const noexcept override {
        int64_t parts[block];
        for (int64_t i = 0; i < n; i++) parts[i] = kind_ == OCTAVO_REDUCE_PROD ? 1 : 0;
        bool first = true;
        each_place(x, [&](const char* row) {
            for (int64_t i = 0; i < n; i++) {
                const int64_t element = reinterpret_cast<const T*>(row)[i];
                parts[i] = first && is_extreme() ? element : with(parts[i], element);
            }
            first = false;
        });
        for (int64_t i = 0; i < n; i++)
            static_cast<T*>(y)[at + i * step] =
                static_cast<T>(kind_ == OCTAVO_REDUCE_MEAN ? parts[i] / order_.count : parts[i]);
    }

private:
    bool is_extreme() const { return kind_ == OCTAVO_REDUCE_MAX || kind_ == OCTAVO_REDUCE_MIN; }
    int64_t with(int64_t a, int64_t b) const {
        switch (kind_) {
            case OCTAVO_REDUCE_MAX:
                return std::max(a, b);
            case OCTAVO_REDUCE_MIN:
                return std::min(a, b);
            case OCTAVO_REDUCE_PROD:
                return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
            default:
                return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
        }
    }

    int32_t kind_;
};

std::unique_ptr<Op> integers(const Value& x, ReductionOrder order, const std::string& name, int32_t kind) {
    switch (x.dtype) {
        case OCTAVO_U8:
            return std::make_unique<ReduceIntegersOp<uint8_t>>(x, std::move(order), name, kind);
        case OCTAVO_S8:
            return std::make_unique<ReduceIntegersOp<int8_t>>(x, std::move(order), name, kind);
        case OCTAVO_S32:
            return std::make_unique<ReduceIntegersOp<int32_t>>(x, std::move(order), name, kind);
        default:
            return std::make_unique<ReduceIntegersOp<int64_t>>(x, std::move(order), name, kind);
    }
}

}  // namespace

std::unique_ptr<Op> create_reduce(const OpDesc& desc) {
    const Checks checks(desc, "reduce", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Attributes& a = desc.attributes;
    const int32_t kind = a.function;
    const bool own_scale = kind == OCTAVO_REDUCE_MEAN && is_codes(x) && is_codes(y) && x.dtype == y.dtype;
    if (!own_scale) checks.same_parameters(x, y);
    ReductionOrder order = reduction_order(checks, x, y, {a.axes, a.axes + a.axis_count});
    const ReduceKernels& kernels = reduce_kernels(desc.isa);
    const auto name = [&](const char* suffix) {
        return std::string("reduce_") + reduction_name(kind) + "_" + type_name(x.dtype) + "_" + suffix;
    };
    if (x.dtype == OCTAVO_F32) {
        if (kind == OCTAVO_REDUCE_MAX || kind == OCTAVO_REDUCE_MIN)
            return std::make_unique<ReduceExtremeOp>(x, std::move(order), name(kernels.suffix),
                                                     kind == OCTAVO_REDUCE_MIN, kernels);
        if (kind == OCTAVO_REDUCE_LOG_SUM_EXP)
            return std::make_unique<ReduceLogSumExpOp>(x, std::move(order), name(kernels.suffix), kernels);
        return std::make_unique<ReduceSumsOp>(x, std::move(order), name(kernels.suffix), kind, kernels);
    }
    const bool of_codes = kind == OCTAVO_REDUCE_MEAN || kind == OCTAVO_REDUCE_MAX || kind == OCTAVO_REDUCE_MIN;
    if (is_codes(x) && of_codes) {
        if (order.count > most_codes_in_a_sum)
            checks.refuse("sums of " + std::to_string(order.count) + " codes do not fit 32 bits");
        return std::make_unique<ReduceCodesOp>(x, y, std::move(order), name(kernels.suffix), kind, kernels);
    }
    const bool of_integers = of_codes || kind == OCTAVO_REDUCE_SUM || kind == OCTAVO_REDUCE_PROD;
    if (is_integer(x) && of_integers) return integers(x, std::move(order), name("scalar"), kind);
    checks.refuse(
        std::string(reduction_name(kind)) + " of \"" + x.name + "\", " + kind_of(x) +
        ": f32 runs; sum, mean, max, min and prod of integers too, mean, max and min of u8 or s8 with one scale");
}

}  // namespace octavo
