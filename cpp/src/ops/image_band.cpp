#include "ops/image_band.h"

#include <algorithm>
#include <cstring>

namespace octavo {

namespace {

constexpr int64_t short_gap = 16;

}  // namespace

void copy_codes(const uint8_t* from, int64_t count, bool flip, uint8_t* to) {
    if (!flip) {
        std::memcpy(to, from, static_cast<size_t>(count));
        return;
    }
    for (int64_t i = 0; i < count; i++) to[i] = static_cast<uint8_t>(from[i] ^ 0x80);
}

void copy_band(const ConvGeometry& g, const uint8_t* image, int64_t first, int64_t lines, uint8_t padding, bool flip,
               uint8_t* band) {
    const int64_t width = g.needed_width(), pitch = width * g.channels;
    const int64_t left = std::min(g.pad_left, width);
    const int64_t inside = std::clamp<int64_t>(width - left, 0, g.width);
    const int64_t right = width - left - inside;
    const int64_t top = first * g.stride_h - g.pad_top;
    const int64_t rows = g.needed_height(lines);
    const int64_t copied = inside * g.channels, gap = (left + right) * g.channels;
    const auto fill = [&](uint8_t* to, int64_t count) { std::memset(to, padding, static_cast<size_t>(count)); };
    // The right padding of a row and the left one of the next are one gap; most are short enough for one store of fixed size,
    // which may reach into the row that is written next.
    int64_t y = top;
    uint8_t* at = band;
    uint8_t* const end = band + rows * pitch;
    const auto fill_gap = [&](uint8_t* to) {
        if (gap <= short_gap && to + short_gap <= end) {
            std::memset(to, padding, short_gap);
        } else {
            fill(to, std::min(gap, end - to));
        }
    };
    if (y < 0) {
        const int64_t above = std::min(-y, rows);
        fill(at, above * pitch);
        at += above * pitch;
        y += above;
    }
    if (at < end && y < g.height) fill(at, left * g.channels);
    for (; at < end && y < g.height; at += pitch, y++) {
        copy_codes(image + y * g.width * g.channels, copied, flip, at + left * g.channels);
        fill_gap(at + left * g.channels + copied);
    }
    if (at < end) fill(at, end - at);
}

}  // namespace octavo
