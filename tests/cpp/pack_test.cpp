// Packing: what groups of K read, which panels are safe as pairs, where each weight goes.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/gemm.h"
#include "pack/filters.h"
#include "pack/pair_panels.h"
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
const GemmTile tile = {1, 8, functions};

TEST(Panels, HoldEachWeightOnce) {
    Sweep(100).run([&](Random& random) {
        const int64_t columns = random.size_around(8, 40), depth = random.integer(1, 40);
        const std::vector<int8_t> weights =
            random.codes<int8_t>(static_cast<size_t>(columns * depth), -128, 127, random.chance(0.3));
        GroupLayout layout;
        layout.add_run(0, 0, depth);
        Panels panels(tile);
        panels.add(weights.data(), columns, depth, 0, 0, 0);
        panels.finish(layout, alone);
        for (const Panel& panel : panels.panels()) {
            const auto* data = reinterpret_cast<const int8_t*>(panels.data(panel));
            for (int64_t g = 0; g < layout.groups(); g++) {
                for (int64_t j = 0; j < 8; j++) {
                    for (int64_t i = 0; i < 4; i++) {
                        const int32_t k = layout.source[static_cast<size_t>(4 * g + i)];
                        const int8_t expected = k >= 0 && j < panel.columns
                                                    ? weights[static_cast<size_t>((panel.output + j) * depth + k)]
                                                    : int8_t{0};
                        EXPECT_EQ(data[(g * 8 + j) * 4 + i], expected);
                    }
                }
            }
        }
        const std::vector<int64_t> order = panels.order();
        EXPECT_EQ(static_cast<int64_t>(order.size()), (columns + 7) / 8 * 8);
        for (size_t i = 0; i < order.size(); i++)
            EXPECT_EQ(order[i], static_cast<int64_t>(i) < columns ? static_cast<int64_t>(i) : -1);
        return true;
    });
}

// Threads fill panels in any order, and each its own.
TEST(Panels, AreTheSameInWhateverOrderTheyArePacked) {
    const Share backwards = [](int64_t count, const std::function<void(int64_t)>& body) {
        for (int64_t i = count - 1; i >= 0; i--) body(i);
    };
    Sweep(50).run([&](Random& random) {
        const int64_t columns = random.size_around(32, 150), depth = random.integer(1, 90);
        const std::vector<int8_t> weights =
            random.codes<int8_t>(static_cast<size_t>(columns * depth), -128, 127, random.chance(0.3));
        GroupLayout layout;
        layout.add_run(0, 0, depth);
        const PackedDepth packed(layout);
        std::vector<std::byte> bytes[2];
        for (const bool back : {false, true}) {
            const Share share = back ? backwards : alone;
            Panels panels(tile);
            panels.add(weights.data(), columns, depth, 0, 0, 0);
            panels.finish(layout, share);
            PairPanels pairs(pairs_avx2, packed.source, 255, false, std::nullopt);
            pairs.add(weights.data(), columns, depth, 0, 0, 0);
            pairs.finish(share);
            bytes[back].insert(bytes[back].end(), panels.data(panels.panels()[0]),
                               panels.data(panels.panels()[0]) + panels.bytes());
            const auto* first = reinterpret_cast<const std::byte*>(pairs.terms(pairs.panels()[0]));
            bytes[back].insert(bytes[back].end(), first, first + pairs.bytes());
        }
        EXPECT_EQ(bytes[0], bytes[1]);
        return true;
    });
}

TEST(PackedDepth, TakesEachByteWithAWeightOnceInOrder) {
    GroupLayout layout;
    for (int64_t run = 0; run < 3; run++) layout.add_run(100 * run, 9 * run, 9);
    layout.add_run(300, 27, 2);
    const PackedDepth depth(layout);
    ASSERT_EQ(depth.runs.size(), 4u);
    for (size_t run = 0; run < 4; run++) {
        EXPECT_EQ(depth.runs[run].offset, static_cast<int32_t>(100 * run));
        EXPECT_EQ(depth.runs[run].length, run < 3 ? 9 : 2);
    }
    ASSERT_EQ(depth.source.size(), 29u);
    for (size_t k = 0; k < 29; k++) EXPECT_EQ(depth.source[k], static_cast<int32_t>(k));
    EXPECT_EQ(depth.groups(), 8);
}

// What family pairs multiplies with is the weights, and no sum in 16 bits can leave them: by trial of each lane's extremes.
TEST(PairPanels, HoldEachWeightAndTheirSumsHold) {
    for (const PairsRow* row : {&pairs_avx2, &pairs_avx512}) {
        Sweep(300).run([&](Random& random) {
            const int64_t columns = random.size_around(row->wide.columns, 70), depth = random.integer(1, 40);
            const bool small = random.chance(0.4);
            const std::vector<int8_t> weights = random.codes<int8_t>(
                static_cast<size_t>(columns * depth), small ? -40 : -128, small ? 40 : 127, random.chance(0.3));
            const int a_max = random.pick({127, 255, 1, 200, 0});
            GroupLayout layout;
            layout.add_run(0, 0, depth);
            const PackedDepth packed(layout);
            const std::optional<PairsForm> form =
                random.pick<std::optional<PairsForm>>({std::nullopt, pairs_cross, pairs_bytes, pairs_quads});
            PairPanels panels(*row, packed.source, a_max, random.chance(0.5), form);
            panels.add(weights.data(), columns, depth, 0, 0, 0);
            panels.finish(alone);
            int64_t first = 0;
            for (const PairPanel& panel : panels.panels()) {
                if (form) {
                    EXPECT_EQ(panel.form, *form);
                }
                EXPECT_EQ(panel.output, first);
                first += panel.columns;
                const size_t width = static_cast<size_t>(panel.tile->columns), group = 4 * width;
                const size_t groups = static_cast<size_t>(packed.groups());
                std::vector<int> found(groups * group);
                const auto holds = [&](const int8_t* w, size_t a, size_t b) {
                    const int high = std::max<int>(w[a], 0) + std::max<int>(w[b], 0);
                    const int low = std::min<int>(w[a], 0) + std::min<int>(w[b], 0);
                    return std::pair<int, int>(a_max * high, a_max * low);
                };
                const std::byte* data = panels.weights(panel);
                if (panel.form == pairs_cross) {
                    const auto* w = reinterpret_cast<const int16_t*>(data);
                    for (size_t i = 0; i < found.size(); i += 4) {
                        const int16_t* at = w + i / group * group + i / 4 % width * 2;
                        found[i] = at[2 * width];
                        found[i + 1] = at[0];
                        found[i + 2] = at[2 * width + 1];
                        found[i + 3] = at[1];
                    }
                } else {
                    const auto* w = reinterpret_cast<const int8_t*>(data);
                    const size_t step = panel.form == pairs_quads ? 2 * group : group;
                    for (size_t i = 0; i < found.size(); i++) found[i] = w[i];
                    for (size_t g = 0; g < found.size(); g += step) {
                        for (size_t i = 0; i < group; i += 2) {
                            auto sums = holds(w + g, i, i + 1);
                            if (step > group) {
                                const auto more = holds(w + g + group, i, i + 1);
                                sums = {sums.first + more.first, sums.second + more.second};
                            }
                            EXPECT_LE(sums.first, 32767);
                            EXPECT_GE(sums.second, -32768);
                        }
                    }
                    const auto* extra = reinterpret_cast<const int8_t*>(panels.extra_weights(panel));
                    for (size_t e = 0; e < panel.extras.size(); e++) {
                        for (size_t i = 0; i < group; i++) {
                            found[static_cast<size_t>(panel.extras[e]) * group + i] += extra[e * group + i];
                        }
                        for (size_t i = 0; i < group; i += 2) {
                            const auto sums = holds(extra + e * group, i, i + 1);
                            EXPECT_LE(sums.first, 32767);
                            EXPECT_GE(sums.second, -32768);
                        }
                    }
                }
                for (size_t i = 0; i < found.size(); i++) {
                    const size_t k = i / group * 4 + i % 4;
                    const int64_t column = panel.output + static_cast<int64_t>(i % group / 4);
                    const bool there = k < static_cast<size_t>(depth) && column < panel.output + panel.columns;
                    EXPECT_EQ(found[i], there ? weights[static_cast<size_t>(column * depth) + k] : 0);
                }
            }
            EXPECT_EQ(first, columns);
            return true;
        });
    }
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
