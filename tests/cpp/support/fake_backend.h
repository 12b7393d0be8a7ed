// A back end of a few plain loops over floats, for tests of what the plan does with one: softmax stands for "twice the input plus
// one", linear is itself, SGD_STEP adds the gradient to the parameter. Everything else it refuses with a reason.
#ifndef OCTAVO_TESTS_SUPPORT_FAKE_BACKEND_H
#define OCTAVO_TESTS_SUPPORT_FAKE_BACKEND_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "octavo/octavo.h"

namespace octavo::test {

struct FakeOp {
    octavo_op_kind kind;
    int64_t elements = 0;        // of the output, a sample
    std::vector<float> weights;  // linear: constant ones
    int64_t columns = 0, rows = 0;
};

struct FakeCounters {
    std::atomic<int64_t> alive{0}, runs{0}, largest_batch{0};
    std::atomic<int64_t> fail_at{-1};      // the run that fails
    std::atomic<int64_t> sleep_millis{0};  // how long each run takes
    std::atomic<bool> no_scratch{false};   // whether asking for scratch memory fails
};

inline FakeCounters& fake_counters() {
    static FakeCounters counters;
    return counters;
}

namespace fake {

inline int64_t elements(const octavo_value_desc* value) {
    int64_t n = 1;
    for (int i = value->batched ? 1 : 0; i < value->rank; i++) n *= value->dims[i];
    return n;
}

inline octavo_status create(const octavo_op_desc* desc, const octavo_value_desc* const* inputs,
                            const octavo_value_desc* const* outputs, void** op, const char** kernel, char* reason,
                            size_t reason_bytes) {
    FakeOp made;
    made.kind = desc->kind;
    switch (desc->kind) {
        case OCTAVO_OP_SOFTMAX:
            made.elements = elements(outputs[0]);
            break;
        case OCTAVO_OP_LINEAR: {
            made.rows = inputs[1]->dims[0];
            made.columns = inputs[1]->dims[1];
            made.elements = made.rows;
            if (inputs[1]->data == nullptr) {
                std::snprintf(reason, reason_bytes, "linear \"%s\" needs constant weights", desc->name);
                return OCTAVO_UNSUPPORTED;
            }
            const float* data = static_cast<const float*>(inputs[1]->data);
            made.weights.assign(data, data + made.rows * made.columns);
            break;
        }
        case OCTAVO_OP_SGD_STEP:
            made.elements = elements(inputs[0]);
            break;
        default:
            std::snprintf(reason, reason_bytes, "the fake knows no kind %d", static_cast<int>(desc->kind));
            return OCTAVO_UNSUPPORTED;
    }
    *op = new FakeOp(made);
    *kernel = desc->kind == OCTAVO_OP_LINEAR    ? "fake_linear"
              : desc->kind == OCTAVO_OP_SOFTMAX ? "fake_softmax"
                                                : "fake_step";
    fake_counters().alive++;
    return OCTAVO_OK;
}

inline octavo_status scratch_bytes(void* op, int64_t batch, int32_t, int64_t* bytes, char* message,
                                   size_t message_bytes) {
    if (fake_counters().no_scratch) {
        std::snprintf(message, message_bytes, "the fake was told to lack memory");
        return OCTAVO_OUT_OF_MEMORY;
    }
    *bytes = static_cast<FakeOp*>(op)->elements * batch * static_cast<int64_t>(sizeof(float));
    return OCTAVO_OK;
}

inline void pause() {
    const int64_t millis = fake_counters().sleep_millis;
    if (millis > 0) std::this_thread::sleep_for(std::chrono::milliseconds(millis));
}

inline octavo_status run(void* self, int64_t batch, int32_t threads, const void* const* inputs, void* const* outputs,
                         void* scratch, char* message, size_t message_bytes) {
    const FakeOp& op = *static_cast<FakeOp*>(self);
    FakeCounters& counters = fake_counters();
    if (counters.runs++ == counters.fail_at) {
        std::snprintf(message, message_bytes, "the fake was told to fail");
        return OCTAVO_NOT_FINITE;
    }
    int64_t largest = counters.largest_batch;
    while (batch > largest && !counters.largest_batch.compare_exchange_weak(largest, batch)) {
    }
    pause();
    if (threads < 1) return OCTAVO_INTERNAL;
    const float* x = static_cast<const float*>(inputs[0]);
    float* s = static_cast<float*>(scratch);
    if (op.kind == OCTAVO_OP_SGD_STEP) {
        float* parameter = static_cast<float*>(const_cast<void*>(inputs[0]));
        for (int64_t i = 0; i < op.elements; i++) parameter[i] += static_cast<const float*>(inputs[1])[i];
        return OCTAVO_OK;
    }
    // Through the scratch, so that a scratch that overlaps a value or is too small shows.
    for (int64_t n = 0; n < batch; n++) {
        for (int64_t i = 0; i < op.elements; i++) {
            float sum = 0;
            for (int64_t k = 0; k < op.columns; k++) sum += x[n * op.columns + k] * op.weights[i * op.columns + k];
            s[n * op.elements + i] = op.kind == OCTAVO_OP_LINEAR ? sum : 2 * x[n * op.elements + i] + 1;
        }
    }
    std::memcpy(outputs[0], s, static_cast<size_t>(batch * op.elements) * sizeof(float));
    return OCTAVO_OK;
}

inline void destroy(void* op) {
    delete static_cast<FakeOp*>(op);
    fake_counters().alive--;
}

inline int64_t weight_bytes(void* op) {
    return static_cast<int64_t>(static_cast<FakeOp*>(op)->weights.size() * sizeof(float));
}

}  // namespace fake

inline octavo_backend fake_backend() {
    return {sizeof(octavo_backend), "fake", fake::create, fake::scratch_bytes, fake::run, fake::destroy,
            fake::weight_bytes};
}

}  // namespace octavo::test

#endif
