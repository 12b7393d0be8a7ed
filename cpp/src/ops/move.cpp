#include "ops/move.h"

#include "ops/split.h"

namespace octavo {

void MoveOp::add(size_t input, const Value& x, size_t output, const Value& y, AxisCopy copy) {
    in_place_ = input == 0 && output == 0 && copy.is_whole() && x.sample_bytes() == y.sample_bytes();
    Operand operand(x);
    weight_bytes_ += static_cast<int64_t>(operand.bytes());
    const int64_t x_bytes = x.batched ? static_cast<int64_t>(x.sample_bytes()) : 0;
    parts_.push_back(
        {input, output, std::move(operand), x_bytes, static_cast<int64_t>(y.sample_bytes()), std::move(copy)});
}

void MoveOp::run(const RunArgs& args) const noexcept {
    for (const Part& part : parts_) {
        const char* x = static_cast<const char*>(part.x.at(args.inputs[part.input]));
        char* y = static_cast<char*>(args.outputs[part.output]);
        if (in_place_ && x == y) continue;
        const int64_t units = part.copy.units();
        split(samples(batched_, args) * units, 1, part.copy.cost(), args.threads, [&](int64_t begin, int64_t end) {
            for (int64_t at = begin; at < end;) {
                const int64_t sample = at / units, first = sample * units;
                const int64_t stop = std::min(end, first + units);
                part.copy.run(x + sample * part.x_bytes, y + sample * part.y_bytes, at - first, stop - first);
                at = stop;
            }
        });
    }
}

void movable(const Checks& checks, const Value& value) {
    if (value.dtype == OCTAVO_CODE4 || value.dtype == OCTAVO_CODE8 || value.axis != -1)
        checks.refuse("\"" + value.name + "\" is " + type_name(value.dtype) + " with " +
                      std::to_string(value.scales.size()) +
                      " scales; activations with one scale, indices and flags can be moved");
}

void moves(const Checks& checks, const Value& x, const Value& y) {
    movable(checks, x);
    checks.same_parameters(x, y);
    checks.holds_codes(y, x);
    same_batch(checks, x, y);
}

void same_batch(const Checks& checks, const Value& x, const Value& y) {
    if (x.batched != y.batched)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + x.name + "\" has shape " + x.shape_text() + ", \"" + y.name + "\" " +
                                               y.shape_text() + ", expected a batch in both or in neither");
}

void same_rank(const Checks& checks, const Value& x, const Value& y) { checks.rank(y, x.dims.size()); }

int checked_axis(const Checks& checks, const Value& x, int axis, const char* key) {
    const int rank = static_cast<int>(x.dims.size());
    const int counted = axis == -1 ? rank - 1 : axis;
    if (counted < 0 || counted >= rank)
        checks.fail(OCTAVO_SHAPE_MISMATCH, std::string(key) + " is " + std::to_string(axis) + ", but \"" + x.name +
                                               "\" has shape " + x.shape_text());
    return counted;
}

void keeps_batch(const Checks& checks, const Value& x, bool kept, const std::string& what) {
    if (x.batched && !kept)
        checks.refuse(what + " dimension 0 of \"" + x.name + "\" " + x.shape_text() +
                      ", which is the batch of a run; a value of fixed shape can do so");
}

void has_size(const Checks& checks, const Value& y, int axis, int64_t expected, const std::string& of) {
    if (y.dims[axis] != expected)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", expected " +
                                               std::to_string(expected) + " in dimension " + std::to_string(axis) +
                                               ", " + of);
}

void has_one_each(const Checks& checks, const Value& x, int64_t count, const char* key) {
    if (count != static_cast<int64_t>(x.dims.size()))
        checks.fail(OCTAVO_SHAPE_MISMATCH, std::string(key) + " has " + std::to_string(count) +
                                               " numbers, expected one for each dimension of \"" + x.name + "\" " +
                                               x.shape_text());
}

std::string move_name(const char* kind, const Value& x, const AxisCopy& copy) {
    return std::string(kind) + "_" + type_name(x.dtype) + "_" + copy.suffix();
}

std::vector<CopyAxis> axes_like(const Value& y, const std::vector<int64_t>& x_steps) {
    const MemoryOrder order = memory_order(y);
    const std::vector<int64_t> strides = memory_strides(y);
    std::vector<CopyAxis> axes;
    for (int axis : order.axes) axes.push_back({y.dims[axis], strides[axis], x_steps[axis]});
    return axes;
}

}  // namespace octavo
