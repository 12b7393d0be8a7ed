// PAD: elements before and after those of each dimension, or some of them taken away.
#include <algorithm>
#include <cstring>
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"

namespace octavo {
namespace {

constexpr int64_t most_places = 1 << 24;  // that are listed for a dimension

// Which of n elements stands at place i, counted from the first; -1: the value.
int64_t source(octavo_pad_mode mode, int64_t i, int64_t n) {
    if (i >= 0 && i < n) return i;
    if (mode == OCTAVO_PAD_CONSTANT) return -1;
    if (mode == OCTAVO_PAD_EDGE) return i < 0 ? 0 : n - 1;
    const int64_t period = mode == OCTAVO_PAD_WRAP ? n : std::max<int64_t>(2 * (n - 1), 1);
    const int64_t at = (i % period + period) % period;
    return at < n ? at : period - at;
}

// The element that stands in the new places: 0, for codes the zero point, if none is given.
uint64_t filler_of(const Checks& checks, const OpDesc& desc, const Value& x) {
    uint64_t filler = 0;
    const Value* value = desc.inputs.size() > 1 ? desc.inputs[1] : nullptr;
    if (value == nullptr) {
        if (!x.zero_points.empty()) filler = static_cast<uint8_t>(x.zero_points[0]);
        return filler;
    }
    if (value->role != OCTAVO_CONSTANT || value->dtype != x.dtype || value->elements() != 1)
        checks.fail(OCTAVO_INVALID_ARGUMENT, "the value \"" + value->name + "\" is " + type_name(value->dtype) + " " +
                                                 value->shape_text() + ", expected one constant " + type_name(x.dtype));
    if (!value->scales.empty()) checks.same_parameters(x, *value);
    std::memcpy(&filler, value->data.data(), value->data.size());
    return filler;
}

}  // namespace

std::unique_ptr<Op> create_pad(const OpDesc& desc) {
    const Checks checks(desc, "pad", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Attributes& a = desc.attributes;
    moves(checks, x, y);
    same_rank(checks, x, y);
    has_one_each(checks, x, a.before_count, "before");
    const std::vector<int64_t> strides = memory_strides(x);
    std::vector<CopyAxis> axes = axes_like(y, strides);
    const MemoryOrder order = memory_order(y);
    for (size_t place = 0; place < axes.size(); place++) {
        const int axis = order.axes[place];
        const int64_t before = a.before[axis], n = x.dims[axis];
        if (before == 0 && y.dims[axis] == n) continue;
        keeps_batch(checks, x, axis != 0, "pads");
        if (y.dims[axis] > most_places)
            checks.refuse("\"" + y.name + "\" has shape " + y.shape_text() + ", expected no more than " +
                          std::to_string(most_places) + " elements along a dimension that is padded");
        for (int64_t i = 0; i < y.dims[axis]; i++) {
            const int64_t from = source(a.pad_mode, i - before, n);
            axes[place].offsets.push_back(from < 0 ? outside : from * strides[axis]);
        }
    }
    AxisCopy copy(std::move(axes), 0, 0, static_cast<int64_t>(x.element_bytes()), desc.isa, filler_of(checks, desc, x));
    auto op = std::make_unique<MoveOp>(move_name("pad", x, copy), y.batched);
    op->add(0, x, 0, y, std::move(copy));
    return op;
}

}  // namespace octavo
