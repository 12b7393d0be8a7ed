#include "ops/reduction_order.h"

#include <algorithm>

#include "ops/memory_order.h"

namespace octavo {

ReductionOrder reduction_order(const Checks& checks, const Value& x, const Value& y, const std::vector<int>& axes) {
    const int rank = static_cast<int>(x.dims.size());
    std::vector<bool> reduced(x.dims.size(), false);
    if (axes.empty()) checks.fail(OCTAVO_INVALID_ARGUMENT, "no axis is given, expected at least one");
    for (int axis : axes) {
        if (axis < 0 || axis >= rank)
            checks.fail(OCTAVO_INVALID_ARGUMENT, "axis " + std::to_string(axis) + " of \"" + x.name +
                                                     "\", which has shape " + x.shape_text() + ", expected 0 to " +
                                                     std::to_string(rank - 1));
        if (reduced[axis]) checks.fail(OCTAVO_INVALID_ARGUMENT, "axis " + std::to_string(axis) + " is given twice");
        if (axis == 0 && x.batched)
            checks.refuse("along axis 0, the batch of \"" + x.name +
                          "\": a sample's result cannot depend on other samples");
        reduced[axis] = true;
    }
    const bool keeps = y.dims.size() == x.dims.size();
    std::vector<int64_t> expected;
    std::vector<int> place(x.dims.size(), -1);  // of x's axes in y
    for (int axis = 0; axis < rank; axis++) {
        if (!reduced[axis] || keeps) place[axis] = static_cast<int>(expected.size());
        if (!reduced[axis]) expected.push_back(x.dims[axis]);
        if (reduced[axis] && keeps) expected.push_back(1);
    }
    if (y.dims != expected || x.batched != y.batched)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", expected that of \"" +
                                               x.name + "\", " + x.shape_text() +
                                               ", with 1 in place of the axes or without them");
    const MemoryOrder order = memory_order(x);
    const std::vector<int64_t> x_strides = memory_strides(x), y_strides = memory_strides(y);
    ReductionOrder result;
    result.batched = x.batched;
    bool last_reduced = false, any = false;
    for (int axis : order.axes) {
        const bool batch = x.batched && axis == 0;
        if (x.dims[axis] == 1 && !batch) continue;
        std::vector<ReductionDim>& dims = reduced[axis] ? result.reduced : result.kept;
        const ReductionDim dim = {x.dims[axis], x_strides[axis], reduced[axis] ? 0 : y_strides[place[axis]]};
        const bool joins = any && last_reduced == reduced[axis] && dims.back().x_stride == dim.x_stride * dim.size &&
                           dims.back().y_stride == dim.y_stride * dim.size;
        if (joins)
            dims.back() = {dims.back().size * dim.size, dim.x_stride, dim.y_stride};
        else
            dims.push_back(dim);
        if (reduced[axis]) result.count *= dim.size;
        last_reduced = reduced[axis];
        any = true;
    }
    if (result.reduced.empty()) {
        result.reduced.push_back({1, 1, 0});
        last_reduced = result.kept.empty();
    }
    if (result.kept.empty()) result.kept.push_back({1, 1, 1});
    // A batch alone has no row of its own: each sample is one.
    const ReductionDim& row = result.kept.back();
    result.along = last_reduced || (result.batched && result.kept.size() == 1 && row.size == 1) || row.x_stride != 1;
    return result;
}

}  // namespace octavo
