#include "pack/winograd_panels.h"

#include <algorithm>

#include "base/sizes.h"
#include "pack/bytes.h"

namespace octavo {

namespace {

constexpr int taps = 3;
constexpr int16_t filter_transform[winograd_window][taps] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4},
                                                             {1, 2, 4}, {1, -2, 4},   {0, 0, 12}};

void combine(const int16_t (&factor)[taps], const int16_t* a, const int16_t* b, const int16_t* c, int64_t lanes,
             int16_t* sum) {
    for (int64_t i = 0; i < lanes; i++)
        sum[i] = static_cast<int16_t>(factor[0] * a[i] + factor[1] * b[i] + factor[2] * c[i]);
}

}  // namespace

WeightExtremes WinogradPanels::extremes(const int8_t* weights, int64_t outputs, int64_t depth) {
    WeightExtremes most;
    for (int64_t n = 0; n < outputs; n++) {
        const SignedSums sums = signed_sums(weights + n * depth, depth);
        most.high = std::max(most.high, sums.high);
        most.low = std::min(most.low, sums.low);
    }
    return most;
}

bool WinogradPanels::hold(const WeightExtremes& extremes, int a_max) {
    constexpr int64_t most = (int64_t{1} << (31 - winograd_fractions)) - 1;
    return extremes.high * a_max <= most && extremes.low * a_max >= -most;
}

WinogradPanels::WinogradPanels(int columns, const int8_t* weights, int64_t outputs, int64_t channels,
                               const Share& share)
    : columns_(columns),
      outputs_(outputs),
      panels_(ceil_div<int64_t>(outputs, columns)),
      panel_words_(winograd_positions * channels * columns),
      data_(AlignedArray<int16_t>::uninitialized(static_cast<size_t>(panels_ * panel_words_))) {
    share(panels_, [&](int64_t panel) { fill(panel, weights, channels); });
}

// The filters of some pairs of channels at a time, a lane each.
void WinogradPanels::fill(int64_t panel, const int8_t* weights, int64_t channels) {
    constexpr int64_t most_lanes = 64;
    const int64_t first = panel * columns_, count = std::min(columns_, outputs_ - first);
    int16_t* const to = data_.data() + panel * panel_words_;
    if (count < columns_) std::fill_n(to, panel_words_, int16_t{0});
    for (int64_t c = 0; c < channels; c += 2) {
        for (int64_t begin = 0; begin < count; begin += most_lanes / 2) {
            const int64_t lanes = std::min(most_lanes, 2 * (count - begin));
            int16_t filter[taps * taps][most_lanes];
            for (int64_t n = 0; n < lanes / 2; n++) {
                const int8_t* from = weights + (first + begin + n) * taps * taps * channels + c;
                for (int t = 0; t < taps * taps; t++) {
                    filter[t][2 * n] = from[t * channels];
                    filter[t][2 * n + 1] = from[t * channels + 1];
                }
            }
            int16_t* word = to + c * columns_ + 2 * begin;
            for (const auto& down : filter_transform) {
                int16_t row[taps][most_lanes];
                for (int x = 0; x < taps; x++)
                    combine(down, filter[x], filter[taps + x], filter[2 * taps + x], lanes, row[x]);
                for (const auto& across : filter_transform) {
                    combine(across, row[0], row[1], row[2], lanes, word);
                    word += channels * columns_;
                }
            }
        }
    }
}

std::vector<int64_t> WinogradPanels::order() const {
    std::vector<int64_t> order;
    for (int64_t n = 0; n < panels_ * columns_; n++) order.push_back(n < outputs_ ? n : -1);
    return order;
}

}  // namespace octavo
