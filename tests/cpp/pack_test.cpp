// Packing: what groups of K read, which panels are safe as pairs, where each weight goes.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/gemm.h"
#include "pack/filters.h"
#include "pack/panels.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

TEST(GroupLayout, CoversEachByteOnceAndReadsNothingBeyondARunOfFour) {
    for (int64_t length = 1; length <= 40; length++) {
        GroupLayout layout;
        layout.add_run(100, 7, length);
        std::vector<int> met(static_cast<size_t>(length), 0);
        for (int64_t g = 0; g < layout.groups(); g++) {
            const int64_t start = layout.offsets[static_cast<size_t>(g)] - 100;
            EXPECT_GE(start, 0);
            EXPECT_LE(start + 4, length + layout.over_read);
            for (int64_t i = 0; i < 4; i++) {
                const int32_t k = layout.source[static_cast<size_t>(4 * g + i)];
                if (k < 0) continue;
                EXPECT_EQ(k - 7, start + i);
                met[static_cast<size_t>(k - 7)]++;
            }
        }
        EXPECT_EQ(std::count(met.begin(), met.end(), 1), length);
        EXPECT_EQ(layout.groups(), (length + 3) / 4);
        EXPECT_EQ(layout.over_read, length < 4 ? 4 - length : 0);
    }
}

void nothing(const GemmArgs&) {}
const GemmFn functions[] = {nothing};
const GemmTile with_words = {1, 8, functions, functions};
const GemmTile without_words = {1, 8, functions, nullptr};

TEST(Panels, HoldEachWeightOnce) {
    Sweep(100).run([&](Random& random) {
        const int64_t columns = random.size_around(8, 40), depth = random.integer(1, 40);
        const std::vector<int8_t> weights =
            random.codes<int8_t>(static_cast<size_t>(columns * depth), -128, 127, random.chance(0.3));
        const int a_max = random.pick({127, 255, 1, 200});
        GroupLayout layout;
        layout.add_run(0, 0, depth);
        Panels panels(random.chance(0.7) ? with_words : without_words, a_max);
        panels.add(layout, weights.data(), columns, depth, 0, 0, 0);
        panels.finish();
        for (const Panel& panel : panels.panels()) {
            bool safe = true;
            for (int64_t g = 0; g < layout.groups(); g++) {
                for (int64_t j = 0; j < 8; j++) {
                    int expected[4] = {};
                    for (int64_t i = 0; i < 4; i++) {
                        const int32_t k = layout.source[static_cast<size_t>(4 * g + i)];
                        if (k >= 0 && j < panel.columns)
                            expected[i] = weights[static_cast<size_t>((panel.output + j) * depth + k)];
                        const std::byte* data = panels.data(panel);
                        const int found =
                            panel.words ? reinterpret_cast<const int16_t*>(data)[((2 * g + i % 2) * 8 + j) * 2 + i / 2]
                                        : reinterpret_cast<const int8_t*>(data)[(g * 8 + j) * 4 + i];
                        EXPECT_EQ(found, expected[i]);
                    }
                    // By trial: the largest and the smallest sum of each pair.
                    for (int i = 0; i < 4; i += 2) {
                        for (int corner = 0; corner < 4; corner++) {
                            const int sum =
                                (corner & 1 ? a_max : 0) * expected[i] + (corner & 2 ? a_max : 0) * expected[i + 1];
                            if (sum > 32767 || sum < -32768) safe = false;
                        }
                    }
                }
            }
            EXPECT_EQ(panel.words, !safe && panels.tile().words != nullptr);
        }
        const std::vector<int64_t> order = panels.order();
        EXPECT_EQ(static_cast<int64_t>(order.size()), (columns + 7) / 8 * 8);
        for (size_t i = 0; i < order.size(); i++)
            EXPECT_EQ(order[i], static_cast<int64_t>(i) < columns ? static_cast<int64_t>(i) : -1);
        return true;
    });
}

TEST(Filters, HoldEachTapOfEachChannelOnce) {
    for (const DepthwiseRow* row : {&depthwise_scalar, &depthwise_avx2, &depthwise_avx512, &depthwise_vnni}) {
        std::vector<bool> met(static_cast<size_t>(row->channels), false);
        for (int i = 0; i < row->channels; i++) met[row->order[i]] = true;
        EXPECT_EQ(std::count(met.begin(), met.end(), true), row->channels) << row->isa;

        const int64_t channels = 70, taps = 9;
        std::vector<int8_t> weights(static_cast<size_t>(channels * taps));
        for (size_t i = 0; i < weights.size(); i++) weights[i] = static_cast<int8_t>(i * 37 % 251 - 125);
        const Filters filters(*row, weights.data(), channels, taps);
        int64_t sum = 0, expected = 0;
        for (int8_t w : weights) expected += w;
        for (size_t i = 0; i < filters.bytes() / (row->taps_grouped == 4 ? 1 : 2); i++) {
            sum += row->taps_grouped == 4 ? reinterpret_cast<const int8_t*>(filters.data())[i]
                                          : reinterpret_cast<const int16_t*>(filters.data())[i];
        }
        EXPECT_EQ(sum, expected) << row->isa;
        EXPECT_EQ(filters.taps() % row->taps_grouped, 0);
    }
}

}  // namespace
}  // namespace octavo::test
