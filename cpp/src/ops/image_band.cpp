#include "ops/image_band.h"

#include <algorithm>
#include <cstring>

namespace octavo {

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
    for (int64_t r = 0; r < g.needed_height(lines); r++, band += pitch) {
        const int64_t y = top + r;
        if (y < 0 || y >= g.height) {
            std::memset(band, padding, static_cast<size_t>(pitch));
            continue;
        }
        std::memset(band, padding, static_cast<size_t>(left * g.channels));
        copy_codes(image + y * g.width * g.channels, inside * g.channels, flip, band + left * g.channels);
        std::memset(band + (left + inside) * g.channels, padding, static_cast<size_t>(right * g.channels));
    }
}

}  // namespace octavo
