#include "pack/winograd_panels.h"

#include "base/sizes.h"

namespace octavo {

namespace {

constexpr int taps = 3;
constexpr int filter_transform[winograd_window][taps] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4},
                                                         {1, 2, 4}, {1, -2, 4},   {0, 0, 12}};

}  // namespace

bool WinogradPanels::hold(const int8_t* weights, int64_t outputs, int64_t depth, int a_max) {
    constexpr int64_t most = (int64_t{1} << (31 - winograd_fractions)) - 1;
    for (int64_t n = 0; n < outputs; n++) {
        int64_t high = 0, low = 0;
        for (int64_t k = 0; k < depth; k++) {
            const int w = weights[n * depth + k];
            (w > 0 ? high : low) += w;
        }
        if (high * a_max > most || low * a_max < -most) return false;
    }
    return true;
}

WinogradPanels::WinogradPanels(int columns, const int8_t* weights, int64_t outputs, int64_t channels)
    : columns_(columns),
      outputs_(outputs),
      panels_(ceil_div<int64_t>(outputs, columns)),
      panel_words_(winograd_positions * channels * columns),
      data_(static_cast<size_t>(panels_ * panel_words_)) {
    for (int64_t n = 0; n < outputs; n++) {
        int16_t* const panel = data_.data() + n / columns_ * panel_words_ + n % columns_ * 2;
        for (int64_t c = 0; c < channels; c++) {
            const int8_t* filter = weights + n * taps * taps * channels + c;
            int rows[winograd_window][taps];
            for (int i = 0; i < winograd_window; i++) {
                for (int x = 0; x < taps; x++) {
                    rows[i][x] = 0;
                    for (int y = 0; y < taps; y++)
                        rows[i][x] += filter_transform[i][y] * filter[(y * taps + x) * channels];
                }
            }
            int16_t* word = panel + c / 2 * columns_ * 2 + c % 2;
            for (int i = 0; i < winograd_window; i++) {
                for (int j = 0; j < winograd_window; j++) {
                    int sum = 0;
                    for (int x = 0; x < taps; x++) sum += filter_transform[j][x] * rows[i][x];
                    *word = static_cast<int16_t>(sum);
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
