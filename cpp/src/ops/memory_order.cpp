#include "ops/memory_order.h"

namespace octavo {

int MemoryOrder::place(int axis) const {
    int i = 0;
    while (axes[i] != axis) i++;
    return i;
}

MemoryOrder memory_order(const Value& value) {
    MemoryOrder order;
    for (size_t i = 0; i < value.dims.size(); i++) order.axes.push_back(static_cast<int>(i));
    if (value.layout == OCTAVO_NHWC) order.axes = {0, 2, 3, 1};
    for (int axis : order.axes) order.dims.push_back(value.dims[axis]);
    return order;
}

std::vector<int64_t> memory_strides(const Value& value) {
    const MemoryOrder order = memory_order(value);
    std::vector<int64_t> strides(value.dims.size());
    int64_t stride = 1;
    for (size_t i = order.axes.size(); i-- > 0;) {
        strides[order.axes[i]] = stride;
        stride *= order.dims[i];
    }
    return strides;
}

}  // namespace octavo
