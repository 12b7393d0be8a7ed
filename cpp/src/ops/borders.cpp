#include "ops/borders.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "ops/packing.h"

namespace octavo {

namespace {

constexpr int64_t most_rows = 32;  // of taps: each kind of line reads all weights once, when it is prepared

bool column_inside(const ConvGeometry& g, int64_t pixel, int64_t tap) {
    const int64_t x = pixel * g.stride_w - g.pad_left + tap * g.dilation_w;
    return x >= 0 && x < g.width;
}

// Rows of taps [first, end) of a line that lie inside.
std::pair<int64_t, int64_t> rows_inside(const ConvGeometry& g, int64_t line) {
    int64_t first = 0, end = g.kernel_h;
    const int64_t y = line * g.stride_h - g.pad_top;
    while (first < end && y + first * g.dilation_h < 0) first++;
    while (end > first && y + (end - 1) * g.dilation_h >= g.height) end--;
    return {first, end};
}

// What each tap of each packed column adds up to, [columns][taps].
struct TapSums {
    AlignedArray<int32_t> sums;
    size_t bytes() const { return sums.bytes(); }
};

TapSums sums_of_taps(const DenseWeights& weights, int64_t taps, const std::vector<int64_t>& order) {
    const int64_t depth = weights.depth / taps;
    TapSums made = {AlignedArray<int32_t>(order.size() * static_cast<size_t>(taps))};
    int32_t* sum = made.sums.data();
    for (const int64_t output : order) {
        for (int64_t t = 0; t < taps; t++, sum++) {
            if (output < 0) continue;
            const int8_t* const tap = weights.values.data() + output * weights.depth + t * depth;
            for (int64_t k = 0; k < depth; k++) *sum += tap[k];
        }
    }
    return made;
}

}  // namespace

bool Borders::fit(const ConvGeometry& g) {
    if (g.out_width < 2 || g.kernel_h > most_rows) return false;
    const int64_t last = g.out_width - 1;
    for (int64_t tap = 0; tap < g.kernel_w; tap++) {
        if (!column_inside(g, 0, tap) && !column_inside(g, last, tap)) return false;
        if (last >= 2 && (!column_inside(g, 1, tap) || !column_inside(g, last - 1, tap))) return false;
    }
    return true;
}

bool Borders::misses_columns(const ConvGeometry& g) {
    const int64_t last = g.out_width - 1;
    return column_inside(g, 0, 1) && column_inside(g, 0, 2) && column_inside(g, last, 0) && column_inside(g, last, 1);
}

int64_t Borders::least_rows(const ConvGeometry& g) {
    int64_t least = g.kernel_h;
    for (int64_t line = 0; line < g.out_height; line++) {
        const auto [first, end] = rows_inside(g, line);
        least = std::min(least, end - first);
    }
    return least;
}

Borders::Borders(const ConvGeometry& g, int64_t groups_a_tap, const StageOperands& operands,
                 const std::vector<int64_t>& order, const AlignedArray<int32_t>& start) {
    std::map<std::pair<int64_t, int64_t>, int32_t> numbers;
    std::vector<std::pair<int64_t, int64_t>> rows;
    for (int64_t line = 0; line < g.out_height; line++) {
        const auto [known, is_new] = numbers.try_emplace(rows_inside(g, line), static_cast<int32_t>(numbers.size()));
        if (is_new) rows.push_back(known->first);
        kind_of_line_.push_back(known->second);
    }
    const int64_t last_pixel = g.out_width - 1;
    ends_ = (column_inside(g, 0, 0) ? 0 : tile_with_first) |
            (column_inside(g, last_pixel, g.kernel_w - 1) ? 0 : tile_with_last);
    const auto runs = [&](const std::pair<int64_t, int64_t>& inside, bool first, bool last) {
        std::vector<GroupRun> runs;
        for (int64_t kx = 0; kx < g.kernel_w; kx++) {
            const TileRows taking = first && !column_inside(g, 0, kx)           ? tile_rows_but_first
                                    : last && !column_inside(g, last_pixel, kx) ? tile_rows_but_last
                                                                                : tile_rows_all;
            const auto group = static_cast<int32_t>((kx * g.kernel_h + inside.first) * groups_a_tap);
            const auto count = static_cast<int32_t>((inside.second - inside.first) * groups_a_tap);
            if (!runs.empty() && runs.back().rows == taking && runs.back().first + runs.back().count == group) {
                runs.back().count += count;
            } else {
                runs.push_back({group, count, taking});
            }
        }
        return runs;
    };
    // Without a zero point nothing is missing outside.
    const bool shared = operands.x.zero_point == 0;
    const size_t columns = order.size();
    const int64_t taps = g.kernel_h * g.kernel_w;
    std::shared_ptr<const TapSums> tap_sums;
    if (!shared) {
        tap_sums = pack_weights(
            operands, "sums of taps", [&](Hash& key) { key.add(taps).add(order); },
            [&] { return sums_of_taps(*operands.weights, taps, order); });
        tap_sums_ = tap_sums;
    }
    starts_ = AlignedArray<int32_t>(columns * (shared ? 1 : 3 * rows.size()));
    const auto fill = [&](size_t at, const std::pair<int64_t, int64_t>& inside, int64_t pixel) {
        for (size_t i = 0; i < columns; i++) {
            int64_t sum = 0;
            for (int64_t ky = 0; ky < g.kernel_h && !shared; ky++) {
                for (int64_t kx = 0; kx < g.kernel_w; kx++) {
                    if (ky >= inside.first && ky < inside.second && (pixel < 0 || column_inside(g, pixel, kx)))
                        continue;
                    sum += tap_sums->sums[i * static_cast<size_t>(taps) + static_cast<size_t>(ky * g.kernel_w + kx)];
                }
            }
            starts_[at + i] = static_cast<int32_t>(static_cast<uint32_t>(start[i]) +
                                                   static_cast<uint32_t>(operands.x.zero_point * sum));
        }
    };
    for (size_t i = 0; i < rows.size(); i++) {
        const size_t inner = shared ? 0 : 3 * i * columns, step = shared ? 0 : columns;
        if (!shared || i == 0) fill(inner, rows[i], -1);
        if (!shared) {
            fill(inner + step, rows[i], 0);
            fill(inner + 2 * step, rows[i], last_pixel);
        }
        const int32_t* const starts = starts_.data() + inner;
        line_taps_.push_back({static_cast<int32_t>(rows[i].first * groups_a_tap),
                              static_cast<int32_t>((rows[i].second - rows[i].first) * groups_a_tap), starts + step,
                              starts, starts + 2 * step});
        for (int kind = 0; kind < tile_kinds; kind++) {
            const bool first = (kind & tile_with_first) != 0, last = (kind & tile_with_last) != 0;
            runs_.push_back(runs(rows[i], first, last));
            taps_.push_back({runs_.back().data(), static_cast<int64_t>(runs_.back().size()),
                             starts + (first ? step : 0), starts, starts + (last ? 2 * step : 0)});
        }
    }
}

}  // namespace octavo
