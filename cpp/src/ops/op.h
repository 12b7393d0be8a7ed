// What an operator is to the plan: described once, which may refuse or fail; then run, which cannot.
#ifndef OCTAVO_OPS_OP_H
#define OCTAVO_OPS_OP_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/attributes.h"
#include "base/contents.h"
#include "base/shared_objects.h"
#include "base/status.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// A value as the operators see it: the C description with its arrays owned. dims[0] is 1 for a batched value.
struct Value {
    std::string name;
    octavo_dtype dtype = OCTAVO_F32;
    octavo_role role = OCTAVO_TEMP;
    octavo_layout layout = OCTAVO_PLAIN;
    bool batched = true;
    std::vector<int64_t> dims;
    int axis = -1;
    int group_size = 0;
    std::vector<float> scales;         // empty: not quantized
    std::vector<int32_t> zero_points;  // as many as scales
    int code_min = 0, code_max = 0;    // resolved: the full range of the dtype where the description said 0, 0
    int table_size = 0;
    std::vector<int8_t> table;  // [params, table_size]
    Contents data;              // CONSTANT and STATE

    int64_t elements() const;      // of one sample, if batched
    size_t element_bytes() const;  // codes: 1
    size_t sample_bytes() const { return static_cast<size_t>(elements()) * element_bytes(); }
    std::string shape_text() const;  // "[N, 3, 32, 32]"
    template <class T>
    const T* as() const {
        return reinterpret_cast<const T*>(data.data());
    }
};

struct OpDesc {
    std::string name;
    Attributes attributes;
    std::vector<const Value*> inputs;   // null: absent
    std::vector<const Value*> outputs;  // null: not wanted
    Isa isa;                            // the plan's cap
    // A convolution only: the maximum over 2 x 2 pixels at stride 2 follows, whose result is output 0; output 1 is the convolution's
    // own, which is only described.
    bool max_pool = false;
    int threads = 1;                   // that may pack weights
    SharedObjects* weights = nullptr;  // where packed weights are looked up first; null: every operator has its own
};

struct RunArgs {
    int64_t batch;              // samples in this call
    const void* const* inputs;  // in the order of OpDesc; constants: null (packed at description), states: their memory
    void* const* outputs;
    void* scratch;  // scratch_bytes(batch, threads), 64-byte aligned
    int threads;    // at most so many; results never depend on it
};

class Op {
public:
    virtual ~Op() = default;
    virtual void run(const RunArgs& args) const noexcept = 0;
    virtual size_t scratch_bytes(int64_t batch, int threads) const;  // 0
    // True: the result of a sample depends on the whole batch, so that a batch may not be cut into chunks.
    virtual bool couples_batch() const;  // false
    // True: output 0 may share the memory of input 0 (same size).
    virtual bool in_place() const;           // false
    virtual std::string kernel() const = 0;  // "conv2d_u8s8_direct_vnni"
    virtual std::string reason() const;      // ""
    virtual int64_t weight_bytes() const;    // 0
    virtual int64_t macs() const;            // 0: multiply-adds a sample
};

// Octavo's own implementation. Throws Refusal if there is none for these types, Error if the description is wrong; a message
// names the operator and the shapes found and expected.
std::unique_ptr<Op> create_op(const OpDesc& desc);

}  // namespace octavo

#endif
