// Dimensions, axes and strides of values as they lie in memory.
#include "ops/memory_order.h"

#include <gtest/gtest.h>

#include "support/values.h"

namespace octavo::test {
namespace {

using Dims = std::vector<int64_t>;

TEST(MemoryOrder, PlainValuesLieAsTheyAreWritten) {
    const Value x = float_value({1, 3, 5, 7, 2});
    const MemoryOrder order = memory_order(x);
    EXPECT_EQ(order.dims, x.dims);
    EXPECT_EQ(order.axes, (std::vector<int>{0, 1, 2, 3, 4}));
    for (int axis = 0; axis < 5; axis++) EXPECT_EQ(order.place(axis), axis);
    EXPECT_EQ(memory_strides(x), (Dims{210, 70, 14, 2, 1}));
}

TEST(MemoryOrder, ChannelsLast) {
    const Value x = activation(OCTAVO_U8, {1, 3, 5, 7}, 1, 0);
    const MemoryOrder order = memory_order(x);
    EXPECT_EQ(order.dims, (Dims{1, 5, 7, 3}));
    EXPECT_EQ(order.place(0), 0);
    EXPECT_EQ(order.place(1), 3);
    EXPECT_EQ(order.place(2), 1);
    EXPECT_EQ(order.place(3), 2);
    EXPECT_EQ(memory_strides(x), (Dims{105, 1, 21, 3}));
}

TEST(MemoryOrder, AScalarHasNone) {
    Value x;
    x.batched = false;
    EXPECT_TRUE(memory_order(x).axes.empty());
    EXPECT_TRUE(memory_strides(x).empty());
}

}  // namespace
}  // namespace octavo::test
