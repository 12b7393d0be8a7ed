// Depthwise lines of narrow images on AVX512-VNNI: four columns of a row lie in a 32-bit lane, interleaved once for all lines
// and pixels that see them, and what is outside the image is not multiplied. The width is known when this is compiled: each
// pixel has its own place of the filter in a lane, and borders are no question at run time.
//   I: blocks of 16 channels in their order, as for the lines of depthwise_lines.h
#ifndef OCTAVO_KERNELS_DEPTHWISE_IMAGE_H
#define OCTAVO_KERNELS_DEPTHWISE_IMAGE_H

#include "kernels/depthwise.h"
#include "kernels/depthwise_stage.h"

namespace octavo {
namespace {

// Which columns share a lane, a quad of them, and which quads a pixel sees: one where it holds all its columns, else two.
template <int kernel, int stride, int width>
struct ImageLayout {
    static constexpr int pixels = (width - 1) / stride + 1, most = 2 * pixels;

    int quads = 0, first_column[most] = {};  // of a quad
    // Of a row of the filter, the tap at each column of a quad; -1: none.
    int variants = 0;
    int8_t taps[most][4] = {};
    int quad[pixels][2] = {}, variant[pixels][2] = {}, products[pixels] = {};
    // Pixels whose columns of taps within the image are the same.
    int classes = 0, class_of[pixels] = {};
    int8_t class_taps[pixels][2] = {};  // the first, the end

    constexpr ImageLayout() {
        for (int x = 0; x < pixels; x++) {
            const int left = x * stride - (kernel - 1) / 2, from = left < 0 ? 0 : left,
                      end = left + kernel < width ? left + kernel : width;
            class_of[x] = class_with(from - left, end - left);
            for (int at = from; at < end; products[x]++) {
                const int q = quad_with(at, end, at == from);
                const int to = first_column[q] + 4 < end ? first_column[q] + 4 : end;
                quad[x][products[x]] = q;
                variant[x][products[x]] = variant_with(first_column[q], at, to, left);
                at = to;
            }
        }
    }

private:
    constexpr int quad_with(int from, int end, bool rest_may_follow) {
        for (int q = quads - 1; q >= 0; q--) {
            if (first_column[q] <= from && first_column[q] + 4 >= end) return q;
        }
        for (int q = quads - 1; q >= 0 && kernel > 4 && rest_may_follow; q--) {
            if (first_column[q] <= from && first_column[q] + 4 > from) return q;
        }
        first_column[quads] = from + 4 <= width ? from : width - 4;
        return quads++;
    }
    constexpr int class_with(int begin, int end) {
        for (int i = 0; i < classes; i++) {
            if (class_taps[i][0] == begin && class_taps[i][1] == end) return i;
        }
        class_taps[classes][0] = static_cast<int8_t>(begin);
        class_taps[classes][1] = static_cast<int8_t>(end);
        return classes++;
    }
    constexpr int variant_with(int column, int from, int to, int left) {
        int8_t wanted[4] = {};
        for (int i = 0; i < 4; i++)
            wanted[i] = static_cast<int8_t>(column + i >= from && column + i < to ? column + i - left : -1);
        for (int v = 0; v < variants; v++) {
            bool same = true;
            for (int i = 0; i < 4; i++) same = same && taps[v][i] == wanted[i];
            if (same) return v;
        }
        for (int i = 0; i < 4; i++) taps[variants][i] = wanted[i];
        return variants++;
    }
};

template <int kernel, int stride, int width>
constexpr ImageLayout<kernel, stride, width> image_layout = {};

// Taps of the filter by row and variant, as the weights are packed.
template <int kernel, int stride, int width>
struct ImageTaps {
    static constexpr int variants = image_layout<kernel, stride, width>.variants, groups = kernel * variants;
    int8_t taps[4 * groups] = {};
    constexpr ImageTaps() {
        for (int i = 0; i < 4 * groups; i++) {
            const int tap = image_layout<kernel, stride, width>.taps[i / 4 % variants][i % 4];
            taps[i] = static_cast<int8_t>(tap < 0 ? -1 : i / 4 / variants * kernel + tap);
        }
    }
};
template <int kernel, int stride, int width>
constexpr ImageTaps<kernel, stride, width> image_taps = {};

// The stage for four pixels of 16 channels.
template <bool plain>
struct PixelStage {
    const Rounding& r;
    const __m512 multiplier;
    const float *bias, *bias_scale;

    OCTAVO_INLINE PixelStage(const OutputStage& s, const Rounding& rounding, int64_t at)
        : r(rounding),
          multiplier(_mm512_loadu_ps(s.multiplier + at)),
          bias(s.bias == nullptr ? nullptr : s.bias + at),
          bias_scale(s.bias_scale) {}

    // Only the first `count` pixels.
    template <int count>
    OCTAVO_INLINE void write(const __m512i* sum, uint8_t* c, int64_t pixel_bytes) const {
        __m512i v[4];
#pragma GCC unroll 4
        for (int i = 0; i < count; i++) {
            __m512 x = _mm512_cvtepi32_ps(sum[i]);
            if (!plain && bias != nullptr) x = _mm512_fmadd_ps(_mm512_loadu_ps(bias), _mm512_set1_ps(*bias_scale), x);
            v[i] = _mm512_cvtps_epi32(_mm512_mul_ps(x, multiplier));
        }
#pragma GCC unroll 4
        for (int i = count; i < 4; i++) v[i] = v[count - 1];
        const __m512i bytes = plain
                                  ? _mm512_packus_epi16(_mm512_packs_epi32(v[0], v[1]), _mm512_packs_epi32(v[2], v[3]))
                                  : to_bytes(v[0], v[1], v[2], v[3], r);
        const __m512i ordered = in_order(bytes);
        __m128i* to = reinterpret_cast<__m128i*>(c);
        _mm_storeu_si128(to, _mm512_castsi512_si128(ordered));
        if constexpr (count > 1)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(c + pixel_bytes), _mm512_extracti32x4_epi32(ordered, 1));
        if constexpr (count > 2)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(c + 2 * pixel_bytes), _mm512_extracti32x4_epi32(ordered, 2));
        if constexpr (count > 3)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(c + 3 * pixel_bytes), _mm512_extracti32x4_epi32(ordered, 3));
    }
};

template <class I, int kernel, int stride, int width, bool plain>
struct ImageLines {
    static constexpr const ImageLayout<kernel, stride, width>& layout = image_layout<kernel, stride, width>;
    static constexpr int pixels = layout.pixels, quads = layout.quads, variants = layout.variants;
    static constexpr int near = kernel == 3 ? 3 * variants : 14, most_pixels = 8;

    // Weights of a block, the first ones in registers. (A loop would fill the array in memory, which is felt once a block.)
    struct Weights {
        __m512i held[near];
        const __m512i* all;

        template <int i = 0>
        OCTAVO_INLINE void hold() {
            held[i] = _mm512_load_si512(all + i);
            opaque(held[i]);
            if constexpr (i + 1 < near) hold<i + 1>();
        }
        template <int i>
        OCTAVO_INLINE __m512i at() const {
            if constexpr (i < near) return held[i];
            return _mm512_load_si512(all + i);
        }
    };

    template <int q = 0>
    static OCTAVO_INLINE void mix_row(const uint8_t* row, int64_t channels, __m512i* lanes) {
        const uint8_t* p = row + layout.first_column[q] * channels;
        __m512i mixed[1];
        I::mix(I::pair(I::half(p), I::half(p + channels)),
               I::pair(I::half(p + 2 * channels), I::half(p + 3 * channels)), mixed);
        lanes[q] = mixed[0];
        if constexpr (q + 1 < quads) mix_row<q + 1>(row, channels, lanes);
    }

    template <int x, int end, int q, int row>
    static OCTAVO_INLINE void multiply_pixels(__m512i* sum, __m512i lanes, const Weights& b) {
        if constexpr (layout.quad[x][0] == q)
            sum[0] = _mm512_dpbusd_epi32(sum[0], lanes, b.template at<row * variants + layout.variant[x][0]>());
        if constexpr (layout.products[x] == 2 && layout.quad[x][1] == q)
            sum[0] = _mm512_dpbusd_epi32(sum[0], lanes, b.template at<row * variants + layout.variant[x][1]>());
        if constexpr (x + 1 < end) multiply_pixels<x + 1, end, q, row>(sum + 1, lanes, b);
    }
    template <int x, int end, int q>
    static constexpr bool sees() {
        for (int i = x; i < end; i++) {
            for (int j = 0; j < layout.products[i]; j++) {
                if (layout.quad[i][j] == q) return true;
            }
        }
        return false;
    }
    template <int x, int end, int row, int q = 0>
    static OCTAVO_INLINE void multiply_row(__m512i* sum, const __m512i* lanes, const Weights& b) {
        if constexpr (sees<x, end, q>()) multiply_pixels<x, end, q, row>(sum, lanes[q], b);
        if constexpr (q + 1 < quads) multiply_row<x, end, row, q + 1>(sum, lanes, b);
    }
    template <int x, int end, int row = 0>
    static OCTAVO_INLINE void multiply_rows(const DepthwiseImageLine& line, __m512i* sum, const __m512i* lanes,
                                            const Weights& b) {
        if (row >= line.first_tap && row < line.end_tap) multiply_row<x, end, row>(sum, lanes + row * quads, b);
        if constexpr (row + 1 < kernel) multiply_rows<x, end, row + 1>(line, sum, lanes, b);
    }

    // Pixels x and after it of one line. lanes: of the line's first row of taps, which may be outside.
    template <int x = 0>
    static OCTAVO_INLINE void pixels_from(const DepthwiseImageLine& line, const __m512i* lanes, Weights& b,
                                          const int32_t* starts, int64_t class_starts, const PixelStage<plain>& stage,
                                          uint8_t* c, int64_t channels) {
        constexpr int count = pixels - x < most_pixels ? pixels - x : most_pixels;
        __m512i sum[count];
        opaque(b.all);
#pragma GCC unroll 8
        for (int i = 0; i < count; i++) sum[i] = _mm512_loadu_si512(starts + layout.class_of[x + i] * class_starts);
        multiply_rows<x, x + count>(line, sum, lanes, b);
        stage.template write<(count < 4 ? count : 4)>(sum, c, channels);
        if constexpr (count > 4) stage.template write<count - 4>(sum + 4, c + 4 * channels, channels);
        if constexpr (x + count < pixels)
            pixels_from<x + count>(line, lanes, b, starts, class_starts, stage, c + count * channels, channels);
    }

    static OCTAVO_INLINE void blocks(const DepthwiseImageArgs& args) {
        const int64_t channels = args.channels, row_bytes = width * channels, line_bytes = pixels * channels;
        const Rounding r = rounding(*args.stage);
        __m512i mixed[depthwise_image_rows * quads];
        const __m512i* weights = static_cast<const __m512i*>(args.b);
        for (int64_t block = 0; 16 * block < channels; block++) {
            const int64_t channel = 16 * block + 16 <= channels ? 16 * block : channels - 16;
            const uint8_t* row = args.a + args.first_row * row_bytes + channel;
            for (int64_t y = 0; y < args.rows; y++, row += row_bytes) mix_row(row, channels, mixed + y * quads);
            Weights b;
            b.all = weights + block * kernel * variants;
            b.hold();
            const PixelStage<plain> stage(*args.stage, r, 16 * block);
            const int32_t* starts = args.starts + block * args.block_starts;
            uint8_t* c = args.c + channel;
            for (int64_t l = 0; l < args.line_count; l++, c += line_bytes) {
                const DepthwiseImageLine& line = args.lines[l];
                pixels_from(line, mixed + (line.row - args.first_row) * quads, b, starts + line.starts,
                            args.class_starts, stage, c, channels);
            }
        }
    }

    static void lines(const DepthwiseImageArgs& given) {
        const DepthwiseImageArgs args = given;
        if constexpr (plain) {
            blocks(args);
        } else if (LineStage<1, true>::fits(*args.stage)) {
            ImageLines<I, kernel, stride, width, true>::lines(args);
        } else {
            blocks(args);
        }
    }
};

template <class I, int kernel, int stride, int width>
constexpr DepthwiseImage image_of() {
    constexpr const ImageLayout<kernel, stride, width>& layout = image_layout<kernel, stride, width>;
    return {kernel,
            stride,
            width,
            ImageLines<I, kernel, stride, width, false>::lines,
            kernel * layout.variants,
            image_taps<kernel, stride, width>.taps,
            layout.classes,
            layout.class_of,
            layout.class_taps};
}

}  // namespace
}  // namespace octavo

#endif
