#include "ops/line.h"

#include "ops/memory_order.h"

namespace octavo {

Line line_along(const Checks& checks, const Value& x, int axis) {
    const int rank = static_cast<int>(x.dims.size());
    if (axis == -1) axis = rank - 1;
    if (axis < 0 || axis >= rank)
        checks.fail(OCTAVO_INVALID_ARGUMENT, "axis " + std::to_string(axis) + " of \"" + x.name +
                                                 "\", which has shape " + x.shape_text() + ", expected 0 to " +
                                                 std::to_string(rank - 1));
    if (axis == 0 && x.batched)
        checks.refuse("along axis 0, the batch of \"" + x.name +
                      "\": a sample's result cannot depend on other samples");
    const MemoryOrder order = memory_order(x);
    Line line{1, x.dims[axis], 1, x.batched};
    const int place = order.place(axis);
    for (int i = 0; i < rank; i++) {
        if (i < place) line.outer *= order.dims[i];
        if (i > place) line.inner *= order.dims[i];
    }
    return line;
}

}  // namespace octavo
