// RESHAPE and TRANSPOSE: all elements, under another shape or with their axes in another order.
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"

namespace octavo {
namespace {

std::unique_ptr<Op> create(const char* kind, const Value& x, const Value& y, AxisCopy copy) {
    auto op = std::make_unique<MoveOp>(move_name(kind, x, copy), y.batched);
    op->add(0, x, 0, y, std::move(copy));
    return op;
}

// Steps of dimensions in row-major order.
std::vector<int64_t> plain_steps(const std::vector<int64_t>& dims) {
    std::vector<int64_t> steps(dims.size());
    int64_t step = 1;
    for (size_t i = dims.size(); i-- > 0; step *= dims[i]) steps[i] = step;
    return steps;
}

}  // namespace

std::unique_ptr<Op> create_reshape(const OpDesc& desc) {
    const Checks checks(desc, "reshape", 1);
    const Value &x = checks.input(0), &y = checks.output();
    moves(checks, x, y);
    if (x.elements() != y.elements())
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() +
                                               ", expected as many elements as " + x.shape_text() + " of \"" + x.name +
                                               "\" has");
    const auto element = static_cast<int64_t>(x.element_bytes());
    const bool from_plain = memory_strides(x) == plain_steps(x.dims),
               to_plain = memory_strides(y) == plain_steps(y.dims);
    if (from_plain || x.dims == y.dims)
        return create("reshape", x, y,
                      AxisCopy(axes_like(y, x.dims == y.dims ? memory_strides(x) : plain_steps(y.dims)), 0, 0, element,
                               desc.isa));
    if (!to_plain)
        checks.refuse("\"" + x.name + "\" and \"" + y.name +
                      "\" both lie channels last; one of the two must be in the row-major layout");
    const std::vector<int64_t> from = memory_strides(x), to = plain_steps(x.dims);
    std::vector<CopyAxis> axes;
    for (size_t i = 0; i < x.dims.size(); i++) axes.push_back({x.dims[i], to[i], from[i]});
    return create("reshape", x, y, AxisCopy(std::move(axes), 0, 0, element, desc.isa));
}

std::unique_ptr<Op> create_transpose(const OpDesc& desc) {
    const Checks checks(desc, "transpose", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Attributes& a = desc.attributes;
    moves(checks, x, y);
    same_rank(checks, x, y);
    has_one_each(checks, x, a.axis_count, "axes");
    const std::vector<int64_t> strides = memory_strides(x);
    std::vector<int64_t> steps(x.dims.size());
    uint32_t seen = 0;
    for (size_t i = 0; i < steps.size(); i++) {
        const int from = checked_axis(checks, x, a.axes[i], "axes");
        if (seen >> from & 1)
            checks.fail(OCTAVO_INVALID_ARGUMENT, "axis " + std::to_string(from) + " is twice among the axes");
        seen |= 1u << from;
        has_size(checks, y, static_cast<int>(i), x.dims[from], "as \"" + x.name + "\" has in " + std::to_string(from));
        steps[i] = strides[from];
    }
    keeps_batch(checks, x, steps.empty() || a.axes[0] == 0, "moves");
    return create("transpose", x, y,
                  AxisCopy(axes_like(y, steps), 0, 0, static_cast<int64_t>(x.element_bytes()), desc.isa));
}

}  // namespace octavo
