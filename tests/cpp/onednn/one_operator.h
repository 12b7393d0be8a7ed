// One operator of the oneDNN back end as a plan of its own, and the arithmetic that its tests share.
#ifndef OCTAVO_TESTS_ONEDNN_ONE_OPERATOR_H
#define OCTAVO_TESTS_ONEDNN_ONE_OPERATOR_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "octavo/octavo_onednn.h"
#include "support/agree.h"
#include "support/guarded_buffer.h"
#include "support/network.h"
#include "support/sweep.h"

namespace octavo::test {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Shape = std::vector<int64_t>;

inline int64_t elements(const Shape& dims) {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
}

// Elements in logical order [N, C, H, W] from and to those in memory.
template <class T>
std::vector<T> to_layout(const std::vector<T>& logical, const Shape& dims, octavo_layout layout) {
    if (layout == OCTAVO_PLAIN) return logical;
    std::vector<T> memory(logical.size());
    const int64_t channels = dims[1], pixels = dims[2] * dims[3];
    for (int64_t n = 0; n < dims[0]; ++n) {
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t p = 0; p < pixels; ++p) {
                memory[(n * pixels + p) * channels + c] = logical[(n * channels + c) * pixels + p];
            }
        }
    }
    return memory;
}

template <class T>
std::vector<T> to_logical(const std::vector<T>& memory, const Shape& dims, octavo_layout layout) {
    if (layout == OCTAVO_PLAIN) return memory;
    return to_layout(memory, {dims[0], dims[2] * dims[3], 1, dims[1]}, OCTAVO_NHWC);
}

inline Floats random_floats(Random& random, int64_t n) {
    Floats values(static_cast<size_t>(n));
    for (float& v : values) v = random.normal();
    return values;
}

// The side of a run's buffers that touches a guard page.
inline Guard guarded_side = Guard::after;

inline Doubles widen(const Floats& values) { return Doubles(values.begin(), values.end()); }

// What a step says of itself.
struct Ran {
    std::string kernel, reason;
};

class OneOperator {
public:
    OpSpec desc{};
    int threads = 1;
    const char* isa = nullptr;  // cap, for Octavo's own kernels

    OneOperator(octavo_op_kind kind, int64_t batch) : batch_(batch) {
        desc = describe_op(kind, {}, {});
        desc.backend = OCTAVO_BACKEND_ONEDNN;
        desc.name = "tested";
    }

    // dims with the batch of the run in front where the value is batched.
    template <class T>
    void input(octavo_dtype dtype, const std::vector<T>& data, const Shape& dims, bool batched = true,
               octavo_layout layout = OCTAVO_PLAIN) {
        add_input(describe(dtype, OCTAVO_INPUT, dims, batched, layout), data.data(), data.size() * sizeof(T));
    }
    void input(const Floats& data, const Shape& dims, bool batched = true, octavo_layout layout = OCTAVO_PLAIN) {
        input(OCTAVO_F32, data, dims, batched, layout);
    }
    void constant(const Floats& data, const Shape& dims) {
        ValueSpec value = describe(OCTAVO_F32, OCTAVO_CONSTANT, dims, false);
        value.data = data.data();
        add_input(value, data.data(), data.size() * sizeof(float));
    }
    void state(const Floats& data, const Shape& dims) {
        ValueSpec value = describe(OCTAVO_F32, OCTAVO_STATE, dims, false);
        value.data = data.data();
        add_input(value, data.data(), data.size() * sizeof(float));
    }
    // A description of any kind; its data, if constant, is kept here.
    void add_input(ValueSpec value, const void* data, size_t bytes) {
        desc.inputs[desc.input_count++] = keep(value, data, bytes);
    }
    void absent() { desc.inputs[desc.input_count++] = -1; }
    void output(octavo_dtype dtype, const Shape& dims, bool batched = true, octavo_layout layout = OCTAVO_PLAIN) {
        add_output(describe(dtype, OCTAVO_OUTPUT, dims, batched, layout));
    }
    void output(const Shape& dims, bool batched = true, octavo_layout layout = OCTAVO_PLAIN) {
        output(OCTAVO_F32, dims, batched, layout);
    }
    void add_output(ValueSpec value) { desc.outputs[desc.output_count++] = keep(value, nullptr, 0); }

    // Builds the plan; false leaves the sentence in `message`.
    bool build() {
        EXPECT_EQ(octavo_onednn_register(), OCTAVO_OK);
        octavo_builder* builder = nullptr;
        EXPECT_EQ(octavo_builder_create(&builder), OCTAVO_OK);
        status = OCTAVO_OK;
        for (Slot& slot : slots_) {
            ValueSpec value = slot.value;
            value.scales = slot.scales.empty() ? nullptr : slot.scales.data();
            value.zero_points = slot.zero_points.empty() ? nullptr : slot.zero_points.data();
            if (value.role == OCTAVO_CONSTANT || value.role == OCTAVO_STATE) value.data = slot.bytes.data();
            if (status == OCTAVO_OK) status = add_value(builder, value, &slot.number);
        }
        OpSpec op = desc;
        for (int i = 0; i < op.input_count; ++i) {
            if (op.inputs[i] >= 0) op.inputs[i] = slots_[op.inputs[i]].number;
        }
        for (int i = 0; i < op.output_count; ++i) {
            if (op.outputs[i] >= 0) op.outputs[i] = slots_[op.outputs[i]].number;
        }
        if (status == OCTAVO_OK) status = add_op(builder, op);
        Options options{};
        options.threads = threads;
        options.isa = isa;
        options.chunk = static_cast<int32_t>(batch_);
        octavo_plan* plan = nullptr;
        if (status == OCTAVO_OK) status = octavo_builder_build(builder, &options, &plan);
        if (status != OCTAVO_OK) message = octavo_last_error();
        octavo_builder_destroy(builder);
        plan_.reset(plan);
        return status == OCTAVO_OK;
    }

    // Between guard pages.
    bool run() {
        std::vector<GuardedBuffer<std::byte>> buffers;
        std::vector<const void*> inputs;
        std::vector<void*> outputs;
        for (const Slot& slot : slots_) {
            if (slot.value.role == OCTAVO_INPUT) {
                buffers.emplace_back(slot.bytes, guarded_side);
                inputs.push_back(buffers.back().data());
            } else if (slot.value.role == OCTAVO_OUTPUT) {
                const auto index = static_cast<int32_t>(outputs.size());
                const int64_t bytes = octavo_plan_output_bytes(plan_.get(), index, batch_);
                buffers.emplace_back(static_cast<size_t>(bytes), guarded_side);
                buffers.back().fill(std::byte{0x5a});
                outputs.push_back(buffers.back().data());
            }
        }
        status = run_plan(plan_.get(), batch_, inputs.data(), outputs.data());
        if (status != OCTAVO_OK) message = octavo_last_error();
        size_t output = 0;
        for (Slot& slot : slots_) {
            if (slot.value.role != OCTAVO_OUTPUT) continue;
            const auto* data = static_cast<const std::byte*>(outputs[output]);
            const int64_t bytes = octavo_plan_output_bytes(plan_.get(), static_cast<int32_t>(output++), batch_);
            slot.bytes.assign(data, data + bytes);
        }
        return status == OCTAVO_OK;
    }

    // Builds and runs; a failure fails the test with the library's sentence.
    bool go() {
        const bool done = build() && run();
        EXPECT_TRUE(done) << status << ": " << message;
        return done;
    }

    template <class T = float>
    std::vector<T> result(int output = 0) const {
        return copy<T>(slots_[desc.outputs[output]].bytes);
    }
    Floats state_of(int input) {
        Slot& slot = slots_[desc.inputs[input]];
        std::vector<std::byte> bytes(slot.bytes.size());
        EXPECT_EQ(octavo_plan_read_state(plan_.get(), slot.number, bytes.data(), static_cast<int64_t>(bytes.size())),
                  OCTAVO_OK)
            << octavo_last_error();
        return copy<float>(bytes);
    }
    std::string kernel() const { return step(plan_, 0).kernel; }
    Ran ran() const {
        const octavo_step_info info = step(plan_, 0);
        return {info.kernel, info.reason};
    }

    octavo_status status = OCTAVO_OK;
    std::string message;

private:
    struct Slot {
        ValueSpec value;
        std::vector<std::byte> bytes;
        std::vector<float> scales;
        std::vector<int32_t> zero_points;
        int32_t number;
    };

    int32_t keep(const ValueSpec& value, const void* data, size_t bytes) {
        Slot slot{value, {}, {}, {}, -1};
        if (bytes > 0) {
            slot.bytes.resize(bytes);
            std::memcpy(slot.bytes.data(), data, bytes);
        }
        if (value.scales) slot.scales.assign(value.scales, value.scales + value.param_count);
        if (value.zero_points) slot.zero_points.assign(value.zero_points, value.zero_points + value.param_count);
        slots_.push_back(std::move(slot));
        return static_cast<int32_t>(slots_.size()) - 1;
    }

    template <class T>
    static std::vector<T> copy(const std::vector<std::byte>& bytes) {
        std::vector<T> values(bytes.size() / sizeof(T));
        std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
        return values;
    }

    int64_t batch_;
    std::vector<Slot> slots_;
    PlanHandle plan_;
};

// Sums with, for each, how many terms it has and the sum of their magnitudes: what close_sums needs.
struct Sums {
    Doubles value, magnitude;
    std::vector<size_t> terms;

    explicit Sums(int64_t n) : value(n), magnitude(n), terms(n) {}
    void add(int64_t at, double term) {
        value[at] += term;
        magnitude[at] += std::fabs(term);
        terms[at]++;
    }
};

inline ::testing::AssertionResult close_sums(const Floats& actual, const Sums& expected) {
    if (actual.size() != expected.value.size()) {
        return ::testing::AssertionFailure() << actual.size() << " elements instead of " << expected.value.size();
    }
    for (size_t i = 0; i < actual.size(); ++i) {
        const ::testing::AssertionResult result =
            close_sums(actual[i], expected.value[i], expected.terms[i], expected.magnitude[i]);
        if (!result) return ::testing::AssertionFailure() << "element " << i << ": " << result.message();
    }
    return ::testing::AssertionSuccess();
}

// Results of a handful of float operations: 32 units in the last place of the larger of the two and `scale`.
inline ::testing::AssertionResult close_values(const Floats& actual, const Doubles& expected, double scale) {
    if (actual.size() != expected.size()) {
        return ::testing::AssertionFailure() << actual.size() << " elements instead of " << expected.size();
    }
    for (size_t i = 0; i < actual.size(); ++i) {
        const double bound = 32 * 0x1p-24 * std::max(scale, std::fabs(expected[i]));
        if (!(std::fabs(actual[i] - expected[i]) <= bound)) {
            return ::testing::AssertionFailure()
                   << "element " << i << ": " << actual[i] << " instead of " << expected[i] << ", bound " << bound;
        }
    }
    return ::testing::AssertionSuccess();
}

// Bits alike, or NaN in both.
inline ::testing::AssertionResult same_numbers(const Floats& actual, const Floats& expected) {
    if (actual.size() != expected.size()) {
        return ::testing::AssertionFailure() << actual.size() << " elements instead of " << expected.size();
    }
    for (size_t i = 0; i < actual.size(); ++i) {
        if (std::isnan(actual[i]) && std::isnan(expected[i])) continue;
        if (std::memcmp(&actual[i], &expected[i], sizeof(float)) != 0) {
            return ::testing::AssertionFailure()
                   << "element " << i << ": " << actual[i] << " instead of " << expected[i];
        }
    }
    return ::testing::AssertionSuccess();
}

// What an activation makes of a result, NaN kept: relu, or a clamp to the description's limits.
inline Floats activated(Floats y, const OpSpec& desc) {
    const bool relu = desc.activation == OCTAVO_RELU;
    const float low = relu ? 0.0f : desc.clamp_min, high = relu ? INFINITY : desc.clamp_max;
    for (float& v : y) {
        if (v < low) v = low;
        if (v > high) v = high;
    }
    return y;
}

// The derivative of a scalar function by one of its arguments, by central differences in double.
template <class Function>
double central_difference(const Function& f, Doubles& x, size_t at, double h = 1e-4) {
    const double before = x[at];
    x[at] = before + h;
    const double above = f();
    x[at] = before - h;
    const double below = f();
    x[at] = before;
    return (above - below) / (2 * h);
}

}  // namespace octavo::test

#endif
