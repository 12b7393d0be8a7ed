// What an operator is to this library's table: made by create_operator, which may refuse; then run, from several threads.
#ifndef OCTAVO_ONEDNN_OPERATOR_H
#define OCTAVO_ONEDNN_OPERATOR_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "onednn/operand.h"

namespace octavo::onednn {

struct Run {
    int64_t batch;
    int threads;
    const void* const* inputs;  // constants that the operator took at description: null
    void* const* outputs;       // not wanted: null
    std::byte* scratch;         // scratch_bytes(batch, threads), 64-byte aligned

    const float* in(int i) const { return static_cast<const float*>(inputs[i]); }
    float* out(int i) const { return static_cast<float*>(outputs[i]); }
    // An input that is state and changes in place.
    float* state(int i) const { return static_cast<float*>(const_cast<void*>(inputs[i])); }
};

class Operator {
public:
    virtual ~Operator() = default;
    virtual size_t scratch_bytes(int64_t batch, int threads) {
        (void)batch, (void)threads;
        return 0;
    }
    // Throws Error for what only a run can find, such as a label out of range.
    virtual void run(const Run& run) = 0;
    virtual int64_t weight_bytes() const { return 0; }
    virtual const char* kernel() const = 0;
    virtual const char* reason() const { return ""; }  // why this way and not another
};

// One function a family; `create` in backend.cpp chooses by kind.
std::unique_ptr<Operator> create_conv2d(const Request& request);
std::unique_ptr<Operator> create_conv2d_grad_input(const Request& request);
std::unique_ptr<Operator> create_conv_transpose2d(const Request& request);
std::unique_ptr<Operator> create_conv2d_grad_weight(const Request& request);
std::unique_ptr<Operator> create_linear(const Request& request);
std::unique_ptr<Operator> create_linear_grad_input(const Request& request);
std::unique_ptr<Operator> create_linear_grad_weight(const Request& request);
std::unique_ptr<Operator> create_int8(const Request& request);
std::unique_ptr<Operator> create_batch_norm(const Request& request);
std::unique_ptr<Operator> create_pooling(const Request& request);
std::unique_ptr<Operator> create_pointwise(const Request& request);
std::unique_ptr<Operator> create_loss(const Request& request);
std::unique_ptr<Operator> create_optimizer(const Request& request);

inline size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Bytes of consecutive pieces of a scratch area, each 64-byte aligned.
class ScratchLayout {
public:
    size_t add(size_t bytes) {
        const size_t at = total_;
        total_ += whole_lines(bytes);
        return at;
    }
    size_t total() const { return total_; }

private:
    size_t total_ = 0;
};

}  // namespace octavo::onednn

#endif
