// What the operators of movement have in common.
#ifndef OCTAVO_OPS_MOVE_H
#define OCTAVO_OPS_MOVE_H

#include <cstdint>
#include <string>
#include <vector>

#include "ops/axis_copy.h"
#include "ops/checks.h"
#include "ops/memory_order.h"

namespace octavo {

// Copies between inputs and outputs, one after the other.
class MoveOp : public Op {
public:
    struct Part {
        size_t input, output;
        Operand x;
        int64_t x_bytes, y_bytes;  // of a sample; 0 where all samples read the same
        AxisCopy copy;
    };

    MoveOp(std::string name, bool batched) : name_(std::move(name)), batched_(batched) {}
    void add(size_t input, const Value& x, size_t output, const Value& y, AxisCopy copy);

    void run(const RunArgs& args) const noexcept override;
    bool in_place() const override { return in_place_; }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return weight_bytes_; }

private:
    std::string name_;
    bool batched_, in_place_ = false;
    int64_t weight_bytes_ = 0;
    std::vector<Part> parts_;
};

// Any type of activations, indices and flags. Codes have parameters for the whole tensor.
void movable(const Checks& checks, const Value& value);
// Of x and y: movable, the same type and parameters, the same batch.
void moves(const Checks& checks, const Value& x, const Value& y);
void same_batch(const Checks& checks, const Value& x, const Value& y);
void same_rank(const Checks& checks, const Value& x, const Value& y);
// The attribute's axis, -1 being the last; fails where x has none.
int checked_axis(const Checks& checks, const Value& x, int axis, const char* key);
// Refuses what the batch of a run must not take part in.
void keeps_batch(const Checks& checks, const Value& x, bool kept, const std::string& what);
// Fails unless y has this size in a dimension.
void has_size(const Checks& checks, const Value& y, int axis, int64_t expected, const std::string& of);
// One of the numbers that an attribute has for each dimension.
void has_one_each(const Checks& checks, const Value& x, int64_t count, const char* key);

// "pad_f32_copy"
std::string move_name(const char* kind, const Value& x, const AxisCopy& copy);

// The axes of y as they lie in memory; x_steps: by axis of y.
std::vector<CopyAxis> axes_like(const Value& y, const std::vector<int64_t>& x_steps);

}  // namespace octavo

#endif
