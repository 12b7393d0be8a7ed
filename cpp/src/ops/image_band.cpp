#include "ops/image_band.h"

#include <algorithm>
#include <cstring>

namespace octavo {

void copy_codes(const uint8_t* from, int64_t count, bool flip, uint8_t* to) {
    if (!flip) {
        std::memcpy(to, from, static_cast<size_t>(count));
        return;
    }
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t codes;
        std::memcpy(&codes, from + i, 8);
        codes ^= 0x8080808080808080;
        std::memcpy(to + i, &codes, 8);
    }
    for (; i < count; i++) to[i] = static_cast<uint8_t>(from[i] ^ 0x80);
}

void copy_band(const BandRow& kernels, const ConvGeometry& g, const uint8_t* image, int64_t first, int64_t lines,
               uint8_t padding, bool flip, uint8_t* band, int64_t pitch) {
    const int64_t width = g.needed_width(), rows = g.needed_height(lines);
    const int64_t left = std::min(g.pad_left, width), inside = std::clamp<int64_t>(width - left, 0, g.width);
    const int64_t top = first * g.stride_h - g.pad_top;
    const int64_t begin = std::clamp<int64_t>(-top, 0, rows), end = std::clamp<int64_t>(g.height - top, begin, rows);
    const auto fill = [&](int64_t from, int64_t to) {
        for (int64_t y = from; y < to; y++)
            std::memset(band + y * pitch, padding, static_cast<size_t>(width * g.channels));
    };
    fill(0, begin);
    BandArgs args = {};
    args.from_pitch = g.width * g.channels;
    args.from = image + (top + begin) * args.from_pitch;
    args.to = band + begin * pitch;
    args.pitch = pitch;
    args.rows = end - begin;
    args.left = left * g.channels;
    args.bytes = inside * g.channels;
    args.right = (width - left - inside) * g.channels;
    args.padding = padding;
    args.flip = flip ? 0x80 : 0;
    kernels.copy(args);
    fill(end, rows);
}

}  // namespace octavo
