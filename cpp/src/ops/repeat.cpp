// EXPAND and TILE: elements again and again.
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"

namespace octavo {
namespace {

std::unique_ptr<Op> create(const char* kind, const OpDesc& desc, std::vector<CopyAxis> axes) {
    const Value &x = *desc.inputs[0], &y = *desc.outputs[0];
    AxisCopy copy(std::move(axes), 0, 0, static_cast<int64_t>(x.element_bytes()), desc.isa);
    auto op = std::make_unique<MoveOp>(move_name(kind, x, copy), y.batched);
    op->add(0, x, 0, y, std::move(copy));
    return op;
}

}  // namespace

std::unique_ptr<Op> create_expand(const OpDesc& desc) {
    const Checks checks(desc, "expand", 1);
    const Value &x = checks.input(0), &y = checks.output();
    movable(checks, x);
    checks.same_parameters(x, y);
    checks.holds_codes(y, x);
    const size_t rank = y.dims.size(), missing = rank - x.dims.size();
    bool fits = x.dims.size() <= rank && (!x.batched || (y.batched && missing == 0));
    const std::vector<int64_t> strides = memory_strides(x);
    std::vector<int64_t> steps(rank, 0);
    for (size_t i = 0; fits && i < x.dims.size(); i++) {
        const int64_t from = x.dims[i], to = y.dims[missing + i];
        fits = from == to || from == 1;
        if (from == to) steps[missing + i] = strides[i];
    }
    if (!fits)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", to which " +
                                               x.shape_text() + " of \"" + x.name + "\" is not broadcast");
    return create("expand", desc, axes_like(y, steps));
}

std::unique_ptr<Op> create_tile(const OpDesc& desc) {
    const Checks checks(desc, "tile", 1);
    const Value &x = checks.input(0), &y = checks.output();
    moves(checks, x, y);
    same_rank(checks, x, y);
    const std::vector<int64_t> strides = memory_strides(x);
    std::vector<CopyAxis> axes;
    for (int axis : memory_order(y).axes) {
        const int64_t n = x.dims[axis], repeats = y.dims[axis] / n, step = memory_strides(y)[axis];
        if (repeats * n != y.dims[axis])
            checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() +
                                                   ", expected multiples of " + x.shape_text() + " of \"" + x.name +
                                                   "\"");
        axes.push_back({repeats, step * n, 0});
        axes.push_back({n, step, strides[axis]});
    }
    return create("tile", desc, std::move(axes));
}

}  // namespace octavo
