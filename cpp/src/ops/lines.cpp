// ARG_REDUCE, TOP_K, CUM_SUM: along the lines of one axis. Plain loops, the same on every instruction set.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/line.h"
#include "ops/plain_type.h"
#include "ops/split.h"

namespace octavo {
namespace {

// Above: of floats NaN is above all others.
template <class T>
bool above(T a, T b) {
    return a > b || (a != a && b == b);
}

// Calls f with a number of the type of the value's elements.
template <class F>
std::unique_ptr<Op> of_type(const Value& x, const F& f) {
    switch (x.dtype) {
        case OCTAVO_F32:
            return f(float{});
        case OCTAVO_S8:
            return f(int8_t{});
        case OCTAVO_S32:
            return f(int32_t{});
        case OCTAVO_S64:
            return f(int64_t{});
        default:
            return f(uint8_t{});
    }
}

// Lines side by side, up to `block` of them together.
class LinesOp : public Op {
public:
    LinesOp(const Value& x, const Line& line, std::string name) : x_(x), line_(line), name_(std::move(name)) {}

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes()); }

protected:
    static constexpr int64_t block = 64;

    // Calls body(outer, inner, n) for n lines from each inner on.
    template <class Body>
    void each_block(const RunArgs& args, int64_t cost, const Body& body) const {
        const int64_t blocks = ceil_div(line_.inner, block), outer = samples(line_.batched, args) * line_.outer;
        split(outer * blocks, 1, line_.count * std::min(line_.inner, block) * cost, args.threads,
              [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; i++) {
                      const int64_t inner = i % blocks * block;
                      body(i / blocks, inner, std::min(block, line_.inner - inner));
                  }
              });
    }

    Operand x_;
    Line line_;

private:
    std::string name_;
};

template <class T>
class ArgReduceOp : public LinesOp {
public:
    ArgReduceOp(const Value& x, const Line& line, const Attributes& attributes, std::string name)
        : LinesOp(x, line, std::move(name)), greatest_(attributes.greatest != 0), last_(attributes.last != 0) {}

    void run(const RunArgs& args) const noexcept override {
        const T* x = static_cast<const T*>(x_.at(args.inputs[0]));
        int64_t* y = static_cast<int64_t*>(args.outputs[0]);
        each_block(args, 1500, [&](int64_t outer, int64_t inner, int64_t n) {
            const T* first = x + outer * line_.count * line_.inner + inner;
            int64_t* to = y + outer * line_.inner + inner;
            T best[block];
            for (int64_t i = 0; i < n; i++) {
                best[i] = first[i];
                to[i] = 0;
            }
            for (int64_t row = 1; row < line_.count; row++) {
                const T* next = first + row * line_.inner;
                for (int64_t i = 0; i < n; i++) {
                    const T a = greatest_ ? next[i] : best[i], b = greatest_ ? best[i] : next[i];
                    if (!above(a, b) && !(last_ && !above(b, a))) continue;
                    best[i] = next[i];
                    to[i] = row;
                }
            }
        });
    }

private:
    bool greatest_, last_;
};

// A number that orders elements of any type as `above` does.
int64_t key_of(octavo_dtype dtype, const char* element) {
    switch (dtype) {
        case OCTAVO_F32: {
            float number;
            int32_t bits;
            std::memcpy(&number, element, sizeof number);
            std::memcpy(&bits, element, sizeof bits);
            if (number != number) return INT64_MAX;
            if (number == 0) return 0;
            return bits < 0 ? bits ^ INT32_MAX : bits;  // below 0 greater magnitudes have greater bits
        }
        case OCTAVO_S8:
            return static_cast<int8_t>(*element);
        case OCTAVO_S32: {
            int32_t number;
            std::memcpy(&number, element, sizeof number);
            return number;
        }
        case OCTAVO_S64: {
            int64_t number;
            std::memcpy(&number, element, sizeof number);
            return number;
        }
        default:
            return static_cast<uint8_t>(*element);
    }
}

class TopKOp : public LinesOp {
public:
    TopKOp(const Value& x, const Line& line, int64_t k, bool greatest, bool both, std::string name)
        : LinesOp(x, line, std::move(name)),
          dtype_(x.dtype),
          bytes_(static_cast<int64_t>(x.element_bytes())),
          k_(k),
          greatest_(greatest),
          both_(both) {}

    size_t scratch_bytes(int64_t, int threads) const override {
        return static_cast<size_t>(threads) * scratch_of_one();
    }

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* values = static_cast<char*>(args.outputs[0]);
        int64_t* indices = both_ ? static_cast<int64_t*>(args.outputs[1]) : nullptr;
        const int64_t lines = samples(line_.batched, args) * line_.outer * line_.inner;
        const int threads = lines * line_.count * 10000 < worth_a_thread ? 1 : args.threads;
        const int64_t step = line_.inner * bytes_;
        parallel_for(lines, threads, [&](int64_t i, int worker) {
            const int64_t outer = i / line_.inner, inner = i % line_.inner;
            const char* line = x + (outer * line_.count * line_.inner + inner) * bytes_;
            Place* order = reinterpret_cast<Place*>(static_cast<char*>(args.scratch) +
                                                    static_cast<size_t>(worker) * scratch_of_one());
            for (int64_t j = 0; j < line_.count; j++) order[j] = {key_of(dtype_, line + j * step), j};
            std::partial_sort(order, order + k_, order + line_.count, [&](const Place& a, const Place& b) {
                if (a.key != b.key) return (a.key > b.key) == greatest_;
                return a.index < b.index;
            });
            const int64_t to = outer * k_ * line_.inner + inner;
            for (int64_t j = 0; j < k_; j++) {
                const int64_t index = order[j].index;
                if (values != nullptr)
                    std::memcpy(values + (to + j * line_.inner) * bytes_, line + index * step,
                                static_cast<size_t>(bytes_));
                if (indices != nullptr) indices[to + j * line_.inner] = index;
            }
        });
    }

private:
    struct Place {
        int64_t key, index;
    };

    size_t scratch_of_one() const {
        return round_up<size_t>(static_cast<size_t>(line_.count) * sizeof(Place), alignment);
    }

    octavo_dtype dtype_;
    int64_t bytes_, k_;
    bool greatest_, both_;
};

template <class T>
class CumSumOp : public LinesOp {
public:
    CumSumOp(const Value& x, const Line& line, const Attributes& attributes, std::string name)
        : LinesOp(x, line, std::move(name)), exclusive_(attributes.exclusive != 0), reverse_(attributes.reverse != 0) {}

    void run(const RunArgs& args) const noexcept override {
        const T* x = static_cast<const T*>(x_.at(args.inputs[0]));
        T* y = static_cast<T*>(args.outputs[0]);
        each_block(args, 1500, [&](int64_t outer, int64_t inner, int64_t n) {
            Sum sums[block] = {};
            for (int64_t i = 0; i < line_.count; i++) {
                const int64_t row = outer * line_.count + (reverse_ ? line_.count - 1 - i : i);
                const int64_t at = row * line_.inner + inner;
                for (int64_t j = 0; j < n; j++) {
                    const Sum before = sums[j];
                    sums[j] += static_cast<Sum>(x[at + j]);
                    y[at + j] = static_cast<T>(exclusive_ ? before : sums[j]);
                }
            }
        });
    }

    bool in_place() const override { return true; }

private:
    // Integers wrap.
    using Sum = std::conditional_t<std::is_same_v<T, float>, double, uint64_t>;
    bool exclusive_, reverse_;
};

}  // namespace

std::unique_ptr<Op> create_arg_reduce(const OpDesc& desc) {
    const Checks checks(desc, "arg_reduce", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Line line = line_along(checks, x, desc.attributes.axis);
    const int axis = desc.attributes.axis == -1 ? static_cast<int>(x.dims.size()) - 1 : desc.attributes.axis;
    std::vector<int64_t> kept = x.dims, without = x.dims;
    kept[static_cast<size_t>(axis)] = 1;
    without.erase(without.begin() + axis);
    if (y.dtype != OCTAVO_S64)
        checks.fail(OCTAVO_INVALID_ARGUMENT, "\"" + y.name + "\" is " + kind_of(y) + ", expected s64");
    if ((y.dims != kept && y.dims != without) || y.batched != x.batched)
        shapes_differ(checks.subject(), y,
                      "that of \"" + x.name + "\", " + x.shape_text() + ", with 1 in place of the axis or without it");
    // Without the axis the others lie in x's order: in plain layout only if x does.
    if (y.dims.size() == x.dims.size() ? y.layout != x.layout : x.layout == OCTAVO_NHWC || y.layout == OCTAVO_NHWC)
        checks.refuse("\"" + x.name + "\" and \"" + y.name + "\" lie in different orders");
    const std::string name = std::string(desc.attributes.greatest != 0 ? "arg_max_" : "arg_min_") + type_name(x.dtype);
    return of_type(x, [&](auto element) -> std::unique_ptr<Op> {
        return std::make_unique<ArgReduceOp<decltype(element)>>(x, line, desc.attributes, name);
    });
}

std::unique_ptr<Op> create_top_k(const OpDesc& desc) {
    const Checks checks(desc, "top_k", 1, Checks::any_output);
    const Value& x = checks.input(0);
    const Line line = line_along(checks, x, desc.attributes.axis);
    const int axis = desc.attributes.axis == -1 ? static_cast<int>(x.dims.size()) - 1 : desc.attributes.axis;
    int64_t k = 0;
    for (size_t i = 0; i < std::min<size_t>(desc.outputs.size(), 2); i++) {
        const Value* y = desc.outputs[i];
        if (y == nullptr) continue;
        std::vector<int64_t> expected = x.dims;
        if (k == 0 && y->dims.size() == x.dims.size()) k = y->dims[static_cast<size_t>(axis)];
        expected[static_cast<size_t>(axis)] = k;
        if (y->dims != expected || y->batched != x.batched || k > line.count)
            shapes_differ(checks.subject(), *y,
                          "that of \"" + x.name + "\", " + x.shape_text() + ", with k of at most " +
                              std::to_string(line.count) + " along axis " + std::to_string(axis));
        checks.same_layout(x, *y);
        if (i == 0) checks.same_parameters(x, *y);
        if (i == 1 && y->dtype != OCTAVO_S64)
            checks.fail(OCTAVO_INVALID_ARGUMENT, "\"" + y->name + "\" is " + kind_of(*y) + ", expected s64");
    }
    const std::string name = std::string("top_k_") + type_name(x.dtype);
    const bool both = desc.outputs.size() > 1;
    return std::make_unique<TopKOp>(x, line, k, desc.attributes.greatest != 0, both, name);
}

std::unique_ptr<Op> create_cum_sum(const OpDesc& desc) {
    const Checks checks(desc, "cum_sum", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    checks.same_type(x, y);
    if (x.dtype != OCTAVO_F32 && !is_integer(x))
        checks.refuse("\"" + x.name + "\" is " + kind_of(x) + "; f32 and integers can run");
    if (!y.scales.empty()) checks.refuse("\"" + y.name + "\" is " + kind_of(y) + "; results have no scale");
    const Line line = line_along(checks, x, desc.attributes.axis);
    const std::string name = std::string("cum_sum_") + type_name(x.dtype);
    return of_type(x, [&](auto element) -> std::unique_ptr<Op> {
        return std::make_unique<CumSumOp<decltype(element)>>(x, line, desc.attributes, name);
    });
}

}  // namespace octavo
