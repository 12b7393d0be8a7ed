// Filters of 3x3 taps transformed and packed for family winograd.
#ifndef OCTAVO_PACK_WINOGRAD_PANELS_H
#define OCTAVO_PACK_WINOGRAD_PANELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/winograd.h"
#include "pack/share.h"

namespace octavo {

// The greatest sum of the positive weights of an output, and the least of the negative ones.
struct WeightExtremes {
    int64_t high = 0, low = 0;
    size_t bytes() const { return sizeof *this; }
};

class WinogradPanels {
public:
    // weights [outputs][3 * 3 taps][channels]; columns: of a panel.
    WinogradPanels(int columns, const int8_t* weights, int64_t outputs, int64_t channels, const Share& share);

    // Of weights [outputs][depth] in any order.
    static WeightExtremes extremes(const int8_t* weights, int64_t outputs, int64_t depth);
    // True if the sums of codes 0..a_max come out whole.
    static bool hold(const WeightExtremes& extremes, int a_max);

    int64_t panels() const { return panels_; }
    const int16_t* panel(int64_t number) const { return data_.data() + number * panel_words_; }
    size_t bytes() const { return data_.bytes(); }
    // Output channel of each packed column; -1: padding.
    std::vector<int64_t> order() const;

private:
    void fill(int64_t panel, const int8_t* weights, int64_t channels);

    int64_t columns_, outputs_, panels_, panel_words_;
    AlignedArray<int16_t> data_;
};

}  // namespace octavo

#endif
