// The lines of family depthwise on AVX512-VNNI: four taps of a channel, interleaved in a 32-bit lane, are multiplied at
// once, and what two lines of output have in common is interleaved once for both.
//   I: the way to interleave blocks of I::parts * 16 channels, in their order
//     Pixel, Pair: one or two pixels' channels side by side
//     mix(a, b, lanes): a's first and second and b's first and second pixel
//     slide(lanes, pixel), slide_two(lanes, pair): lanes moved on by one or two bytes, the new ones at the end
#ifndef OCTAVO_KERNELS_DEPTHWISE_LINES_H
#define OCTAVO_KERNELS_DEPTHWISE_LINES_H

#include <type_traits>

#include "kernels/depthwise.h"
#include "kernels/depthwise_stage.h"

namespace octavo {
namespace {

// Rows, columns and edges of one line of output, or of two that share rows. sure: the columns asked for are inside the image.
template <class I, int row_count>
struct Image {
    using Pair = typename I::Pair;
    static constexpr int parts = I::parts;
    const uint8_t* rows[row_count];
    const int64_t width, channels;
    const Pair padding;

    OCTAVO_INLINE Image(const DepthwiseColumnsArgs& args, const uint8_t* const* given)
        : width(args.width), channels(args.channels), padding(I::padding(args.padding)) {
#pragma GCC unroll 8
        for (int i = 0; i < row_count; i++) rows[i] = given[i] + args.channel;
    }
    OCTAVO_INLINE bool inside(int64_t x) const { return static_cast<uint64_t>(x) < static_cast<uint64_t>(width); }

    // Four rows of column x. Masks take the place of branches, which narrow images make hard to foresee.
    template <bool sure, int r0, int r1, int r2, int r3>
    OCTAVO_INLINE void column(int64_t x, __m512i (&lanes)[parts]) const {
        const int64_t at = x * channels;
        const auto mask = I::mask(inside(x));
        I::mix(pair<sure>(rows[r0] + at, mask, rows[r1] + at, mask),
               pair<sure>(rows[r2] + at, mask, rows[r3] + at, mask), lanes);
    }
    // One row's channels in column x.
    template <bool sure>
    OCTAVO_INLINE typename I::Pixel pixel(int row, int64_t x) const {
        const uint8_t* p = rows[row] + x * channels;
        return sure ? I::half(p) : I::half(p, I::mask(inside(x)), padding);
    }
    // Columns x and x + 1 of some rows.
    template <bool sure, int count>
    OCTAVO_INLINE void pairs(int64_t x, const int (&which)[count], Pair (&pairs)[count]) const {
        const int64_t at = x * channels;
        const auto first = I::mask(inside(x)), second = I::mask(inside(x + 1));
#pragma GCC unroll 8
        for (int i = 0; i < count; i++)
            pairs[i] = pair<sure>(rows[which[i]] + at, first, rows[which[i]] + at + channels, second);
    }
    template <bool sure>
    OCTAVO_INLINE Pair pair(const uint8_t* p, typename I::Mask p_mask, const uint8_t* q,
                            typename I::Mask q_mask) const {
        return sure ? I::pair(I::half(p), I::half(q))
                    : I::pair(I::half(p, p_mask, padding), I::half(q, q_mask, padding));
    }
};

// What a kernel knows of the line at hand. Each has
//   period: after so many pixels the vectors take the same turns again
//   from, ahead: the first and last column that compute asks for, counted from the pixel's first one
//   near: vectors of weights that registers hold
//   compute<turn, sure>(x, b, stage, sum): sums of the next pixel, whose first column is x

// 3 x 3, stride 1: rows 0 to 3 of a column serve both lines.
template <class I, int lines>
struct Line3x3 {
    static constexpr int parts = I::parts, kernel = 3, stride = 1, period = 3, from = 3, ahead = 3, near = 6 * parts;
    const Image<I, 2 + lines> image;
    __m512i columns[3][parts];

    template <bool sure>
    OCTAVO_INLINE void column(int64_t x, __m512i (&lanes)[parts]) {
        // Here a branch is faster than masks.
        if (sure || image.inside(x)) {
            image.template column<true, 0, 1, 2, lines == 2 ? 3 : 2>(x, lanes);
        } else {
            I::mix(image.padding, image.padding, lanes);
        }
    }
    template <class Weights, class Stage>
    OCTAVO_INLINE Line3x3(const DepthwiseColumnsArgs& args, const uint8_t* const* rows, const Weights&, const Stage&)
        : image(args, rows) {
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) column<false>(j - args.left, columns[j]);
    }
    template <int turn, bool sure, class Weights, class Stage>
    OCTAVO_INLINE void compute(int64_t x, const Weights& b, const Stage& stage, __m512i (&sum)[lines][parts]) {
        stage.start(sum);
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
#pragma GCC unroll 2
            for (int l = 0; l < lines; l++) multiply(sum[l], columns[(turn + j) % 3], b, j * 2 + l);
            // The next pixel's last column takes the place of this one's first.
            if (j == 0) column<sure>(x + 3, columns[turn]);
        }
    }
};

// 3 x 3, stride 2: pairs of columns. Rows 0 and 1 of a pair are of the first line, 3 and 4 of the second, row 2 of both.
template <class I, int lines>
struct Line3x3Stride2 {
    static constexpr int parts = I::parts, kernel = 3, stride = 2, period = 2, from = 2, ahead = 3, near = 6 * parts,
                         row_count = 1 + 2 * lines;
    using Pair = typename I::Pair;
    const Image<I, row_count> image;
    __m512i sums[2][lines][parts];
    Pair middle[2];

    template <bool sure>
    OCTAVO_INLINE void pairs(int64_t x, Pair (&pair)[row_count]) {
        if constexpr (lines == 2) {
            image.template pairs<sure>(x, {0, 1, 2, 3, 4}, pair);
        } else {
            image.template pairs<sure>(x, {0, 1, 2}, pair);
        }
    }
    template <class Weights, class Stage>
    OCTAVO_INLINE Line3x3Stride2(const DepthwiseColumnsArgs& args, const uint8_t* const* rows, const Weights& b,
                                 const Stage& stage)
        : image(args, rows) {
        Pair pair[row_count];
        pairs<false>(-args.left, pair);
        middle[0] = pair[2];
        stage.start(sums[0]);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) {
            __m512i lanes[parts];
            I::mix(pair[3 * l], pair[3 * l + 1], lanes);
            multiply(sums[0][l], lanes, b, 3 * l);
        }
    }
    template <int turn, bool sure, class Weights, class Stage>
    OCTAVO_INLINE void compute(int64_t x, const Weights& b, const Stage& stage, __m512i (&sum)[lines][parts]) {
        Pair pair[row_count];
        pairs<sure>(x + 2, pair);
        middle[1 - turn] = pair[2];
        __m512i lanes[parts];
        stage.start(sums[1 - turn]);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) {
            I::mix(pair[3 * l], pair[3 * l + 1], lanes);
            multiply(sums[turn][l], lanes, b, 3 * l + 1);
            multiply(sums[1 - turn][l], lanes, b, 3 * l);
        }
        I::mix(middle[turn], middle[1 - turn], lanes);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) {
            multiply(sums[turn][l], lanes, b, 3 * l + 2);
#pragma GCC unroll 2
            for (int i = 0; i < parts; i++) sum[l][i] = sums[turn][l][i];
        }
    }
};

// 5 x 5, stride 1: rows 1 to 4 of a column serve both lines; row 0 of the first and row 5 of the second go four columns a lane.
template <class I, int lines>
struct Line5x5 {
    static constexpr int parts = I::parts, kernel = 5, stride = 1, period = 5, from = 4, ahead = 4, near = 14 * parts;
    const Image<I, 4 + lines> image;
    __m512i sums[5][lines][parts], along[lines][parts] = {};

    // Column j of the pixel `turn`, and of those after it that see it.
    template <int j, int turn, int d = 0, class Weights>
    OCTAVO_INLINE void add(const __m512i (&lanes)[parts], const Weights& b) {
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) multiply(sums[(turn + d) % 5][l], lanes, b, 7 * l + j - d);
        if constexpr (j > d) add<j, turn, d + 1>(lanes, b);
    }
    template <int j, int turn, bool sure, class Weights>
    OCTAVO_INLINE void column(int64_t x, const Weights& b) {
        __m512i lanes[parts];
        image.template column<sure, 1, 2, 3, 4>(x, lanes);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) I::slide(along[l], image.template pixel<sure>(5 * l, x));
        add<j, turn>(lanes, b);
    }
    template <int j, class Weights>
    OCTAVO_INLINE void begin(int64_t x, const Weights& b) {
        column<j, 0, false>(x + j, b);
        if constexpr (j < 3) begin<j + 1>(x, b);
    }
    template <class Weights, class Stage>
    OCTAVO_INLINE Line5x5(const DepthwiseColumnsArgs& args, const uint8_t* const* rows, const Weights& b,
                          const Stage& stage)
        : image(args, rows) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) stage.start(sums[i]);
        begin<0>(-args.left, b);
    }
    template <int turn, bool sure, class Weights, class Stage>
    OCTAVO_INLINE void compute(int64_t x, const Weights& b, const Stage& stage, __m512i (&sum)[lines][parts]) {
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) multiply(sums[turn][l], along[l], b, 7 * l + 5);
        stage.start(sums[(turn + 4) % 5]);
        column<4, turn, sure>(x + 4, b);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) {
            multiply(sums[turn][l], along[l], b, 7 * l + 6);
#pragma GCC unroll 2
            for (int i = 0; i < parts; i++) sum[l][i] = sums[turn][l][i];
        }
    }
};

// 5 x 5, stride 2: rows 0, 1, 3 and 4 of a column are of the first line, 3 to 6 of the second; row 2 of both goes four columns a
// lane.
template <class I, int lines>
struct Line5x5Stride2 {
    static constexpr int parts = I::parts, kernel = 5, stride = 2, period = 3, from = 3, ahead = 5, near = 14 * parts;
    using Pair = typename I::Pair;
    const Image<I, 3 + 2 * lines> image;
    __m512i sums[3][lines][parts], along[parts] = {};

    // Column j of output `turn`, and of those after it that see it.
    template <int j, int turn, int d = 0, class Weights>
    OCTAVO_INLINE void add(const __m512i (&lanes)[parts], int line, const Weights& b) {
        constexpr int tap = j - 2 * d;
        multiply(sums[(turn + d) % 3][line], lanes, b, 7 * line + tap);
        if constexpr (tap >= 2) add<j, turn, d + 1>(lanes, line, b);
    }
    template <int j, int turn, bool sure, class Weights>
    OCTAVO_INLINE void add_column(int64_t x, const Weights& b) {
        __m512i lanes[parts];
        image.template column<sure, 0, 1, 3, 4>(x, lanes);
        add<j, turn>(lanes, 0, b);
        if constexpr (lines == 2) {
            image.template column<sure, 3, 4, 5, 6>(x, lanes);
            add<j, turn>(lanes, 1, b);
        }
    }
    template <bool sure>
    OCTAVO_INLINE void slide(int64_t x) {
        Pair pair[1];
        image.template pairs<sure>(x, {2}, pair);
        I::slide_two(along, pair[0]);
    }
    template <class Weights, class Stage>
    OCTAVO_INLINE Line5x5Stride2(const DepthwiseColumnsArgs& args, const uint8_t* const* rows, const Weights& b,
                                 const Stage& stage)
        : image(args, rows) {
#pragma GCC unroll 2
        for (int i = 0; i < 2; i++) stage.start(sums[i]);
        const int64_t x = -args.left;
        slide<false>(x);
        slide<false>(x + 2);
        add_column<0, 0, false>(x, b);
        add_column<1, 0, false>(x + 1, b);
        add_column<2, 0, false>(x + 2, b);
    }
    template <int turn, bool sure, class Weights, class Stage>
    OCTAVO_INLINE void compute(int64_t x, const Weights& b, const Stage& stage, __m512i (&sum)[lines][parts]) {
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) multiply(sums[turn][l], along, b, 7 * l + 5);
        slide<sure>(x + 4);
        stage.start(sums[(turn + 2) % 3]);
        add_column<3, turn, sure>(x + 3, b);
        add_column<4, turn, sure>(x + 4, b);
#pragma GCC unroll 2
        for (int l = 0; l < lines; l++) {
            multiply(sums[turn][l], along, b, 7 * l + 6);
#pragma GCC unroll 2
            for (int i = 0; i < parts; i++) sum[l][i] = sums[turn][l][i];
        }
    }
};

// 64 channels interleaved by two levels of unpacking: vector i, 128-bit lane l, element e is channel
// 16 l + 4 i + e. The packs of the output stage undo that.
OCTAVO_INLINE void unpack_words(const __m512i (&a)[2], const __m512i (&b)[2], __m512i (&lanes)[4]) {
    lanes[0] = _mm512_unpacklo_epi16(a[0], b[0]);
    lanes[1] = _mm512_unpackhi_epi16(a[0], b[0]);
    lanes[2] = _mm512_unpacklo_epi16(a[1], b[1]);
    lanes[3] = _mm512_unpackhi_epi16(a[1], b[1]);
}
OCTAVO_INLINE void unpack_bytes(__m512i a, __m512i b, __m512i (&words)[2]) {
    words[0] = _mm512_unpacklo_epi8(a, b);
    words[1] = _mm512_unpackhi_epi8(a, b);
}

// The rows of a line in blocks of 64 channels.
template <int row_count>
struct WideImage {
    const uint8_t* rows[row_count];
    const int64_t width, channels;
    const int code;

    OCTAVO_INLINE WideImage(const DepthwiseColumnsArgs& args, const uint8_t* const* given)
        : width(args.width), channels(args.channels), code(args.padding) {
#pragma GCC unroll 8
        for (int i = 0; i < row_count; i++) rows[i] = given[i] + args.channel;
    }
    OCTAVO_INLINE bool inside(int64_t x) const { return static_cast<uint64_t>(x) < static_cast<uint64_t>(width); }
    template <bool sure>
    OCTAVO_INLINE __m512i row(int i, int64_t x) const {
        const uint8_t* p = rows[i] + x * channels;
        if (sure) return _mm512_loadu_si512(p);
        return _mm512_mask_loadu_epi8(_mm512_set1_epi8(static_cast<char>(code)), inside(x) ? ~0ull : 0ull, p);
    }
};

// 3 x 3, stride 2: a pixel's middle column shares the third row's interleaving with its last one.
struct WideLine3x3Stride2 {
    static constexpr int parts = 4, kernel = 3, stride = 2, period = 1, from = 1, ahead = 2, near = 12;
    const WideImage<3> image;
    __m512i first[4];  // of the next pixel, rows 0 and 1, those of another column, 2

    template <class Weights, class Stage>
    OCTAVO_INLINE WideLine3x3Stride2(const DepthwiseColumnsArgs& args, const uint8_t* const* rows, const Weights&,
                                     const Stage&)
        : image(args, rows) {
        __m512i upper[2], lower[2];
        const __m512i third = image.row<false>(2, -args.left);
        unpack_bytes(image.row<false>(0, -args.left), image.row<false>(1, -args.left), upper);
        unpack_bytes(third, third, lower);
        unpack_words(upper, lower, first);
    }
    template <int, bool sure, class Weights, class Stage>
    OCTAVO_INLINE void compute(int64_t x, const Weights& b, const Stage& stage, __m512i (&sum)[1][4]) {
        __m512i upper[2], lower[2], lanes[4];
        stage.start(sum);
        multiply(sum[0], first, b, 0);
        unpack_bytes(image.row<sure>(2, x + 1), image.row<sure>(2, x + 2), lower);
        unpack_bytes(image.row<sure>(0, x + 1), image.row<sure>(1, x + 1), upper);
        unpack_words(upper, lower, lanes);
        multiply(sum[0], lanes, b, 1);
        unpack_bytes(image.row<sure>(0, x + 2), image.row<sure>(1, x + 2), upper);
        unpack_words(upper, lower, first);
        multiply(sum[0], first, b, 2);
    }
};

// The next pixels of a line, each written after the sums of the next have been made: the processor's window is too short to
// overlap them by itself.
template <int k, bool sure, class Line, class Weights, class Stage, int lines, int parts>
OCTAVO_INLINE void next_pixels(Line& line, const Stage& stage, int64_t x, int64_t rest, Weights& b,
                               __m512i (&ready)[lines][parts], uint8_t* c, uint8_t* second) {
    if (!sure && k >= rest) return;
    __m512i sum[lines][parts];
    opaque(b.all);
    line.template compute<(k + 1) % Line::period, sure>(x, b, stage, sum);
    stage.write(ready, c, second);
#pragma GCC unroll 2
    for (int l = 0; l < lines; l++) {
#pragma GCC unroll 2
        for (int i = 0; i < parts; i++) ready[l][i] = sum[l][i];
    }
    if constexpr (k + 1 < Line::period) {
        next_pixels<k + 1, sure>(line, stage, x + Line::stride, rest, b, ready, c + line.image.channels,
                                 second + line.image.channels);
    }
}

template <class Line, int lines, int parts, class Weights, class Stage>
OCTAVO_INLINE void line_of_pixels(const DepthwiseColumnsArgs& args, const Stage& stage, Weights& b,
                                  const uint8_t* const* rows, uint8_t* c) {
    Line line(args, rows, b, stage);
    uint8_t* second = c + args.pixels * args.channels;
    int64_t x = -args.left;
    __m512i ready[lines][parts];
    line.template compute<0, false>(x, b, stage, ready);
    x += Line::stride;
    constexpr int64_t period = Line::period, columns = period * Line::stride;
    const int64_t bytes = period * args.channels;
    int64_t rest = args.pixels - 1;
    // As long as all columns that these pixels ask for are inside the image.
    const int64_t end = x + Line::from >= 0 ? args.width - (period - 1) * Line::stride - Line::ahead : x;
    for (; rest >= period && x < end; rest -= period, x += columns, c += bytes, second += bytes)
        next_pixels<0, true>(line, stage, x, rest, b, ready, c, second);
    for (; rest > 0; rest -= period, x += columns, c += bytes, second += bytes)
        next_pixels<0, false>(line, stage, x, rest, b, ready, c, second);
    // The last turn may have ended early.
    c += rest * args.channels;
    second += rest * args.channels;
    stage.write(ready, c, second);
}

// Lines two at a time by Double, where it is not Single, and others by Single.
template <class Double, class Single, bool plain>
OCTAVO_INLINE void lines_at_stage(const DepthwiseColumnsArgs& args) {
    constexpr int kernel = Single::kernel, stride = Single::stride, parts = Single::parts;
    const LineStage<parts, plain> stage(*args.stage);
    GroupWeights<Single::near, parts> b(args.b);
    int64_t line = 0;
    const uint8_t* const* rows = args.rows;
    uint8_t* c = args.c;
    const int64_t line_bytes = args.pixels * args.channels;
    if constexpr (!std::is_same<Double, Single>::value) {
        for (; args.rows_follow && line + 1 < args.lines; line += 2, rows += 2 * kernel, c += 2 * line_bytes) {
            const uint8_t* both[kernel + stride];
#pragma GCC unroll 8
            for (int i = 0; i < kernel + stride; i++) both[i] = i < kernel ? rows[i] : rows[i + kernel - stride];
            line_of_pixels<Double, 2, parts>(args, stage, b, both, c);
        }
    }
    for (; line < args.lines; line++, rows += kernel, c += line_bytes)
        line_of_pixels<Single, 1, parts>(args, stage, b, rows, c);
}

template <class Double, class Single>
void lines_of_block(const DepthwiseColumnsArgs& given) {
    const DepthwiseColumnsArgs args = given;  // which results, being bytes, do not alias
    if (LineStage<Single::parts, true>::fits(*args.stage)) {
        lines_at_stage<Double, Single, true>(args);
    } else {
        lines_at_stage<Double, Single, false>(args);
    }
}

// Taps of 3 x 3 and 5 x 5 filters in the order of the kernels, a group of four a row; -1: weight 0.
constexpr int8_t taps_3x3[] = {0, 3, 6, -1, -1, 0, 3, 6, 1, 4, 7, -1, -1, 1, 4, 7, 2, 5, 8, -1, -1, 2, 5, 8};
constexpr int8_t taps_3x3_stride2[] = {0, 1, 3, 4, 2, -1, 5, -1, 6, 7, 8, -1, 3, 4, 6, 7, 5, -1, 8, -1, 0, 1, 2, -1};
constexpr int8_t taps_5x5[] = {5,  10, 15, 20, 6,  11, 16, 21, 7,  12, 17, 22, 8,  13, 18, 23, 9,  14, 19,
                               24, 0,  1,  2,  3,  -1, -1, -1, 4,  0,  5,  10, 15, 1,  6,  11, 16, 2,  7,
                               12, 17, 3,  8,  13, 18, 4,  9,  14, 19, 20, 21, 22, 23, -1, -1, -1, 24};
constexpr int8_t taps_5x5_stride2[] = {0,  5,  15, 20, 1,  6,  16, 21, 2,  7,  17, 22, 3,  8, 18, 23, 4,  9, 19,
                                       24, 10, 11, 12, 13, -1, -1, 14, -1, 5,  10, 15, 20, 6, 11, 16, 21, 7, 12,
                                       17, 22, 8,  13, 18, 23, 9,  14, 19, 24, 0,  1,  2,  3, -1, -1, 4,  -1};

// Of blocks of 64 channels.
constexpr int8_t taps_wide_3x3_stride2[] = {0, 3, -1, 6, 1, 4, 7, -1, 2, 5, -1, 8};

const uint8_t order_of_64[64] = {0,  1,  2,  3,  16, 17, 18, 19, 32, 33, 34, 35, 48, 49, 50, 51, 4,  5,  6,  7,  20, 21,
                                 22, 23, 36, 37, 38, 39, 52, 53, 54, 55, 8,  9,  10, 11, 24, 25, 26, 27, 40, 41, 42, 43,
                                 56, 57, 58, 59, 12, 13, 14, 15, 28, 29, 30, 31, 44, 45, 46, 47, 60, 61, 62, 63};
const uint8_t order_of_32[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

constexpr DepthwiseBlock wide_block() {
    return {64,
            order_of_64,
            {{{}, {lines_of_block<WideLine3x3Stride2, WideLine3x3Stride2>, 3, taps_wide_3x3_stride2}}, {}}};
}

template <class I>
constexpr DepthwiseBlock lines_block() {
    DepthwiseBlock block = {16 * I::parts,
                            order_of_32,
                            {{{lines_of_block<Line3x3<I, 2>, Line3x3<I, 1>>, 6, taps_3x3},
                              {lines_of_block<Line3x3Stride2<I, 2>, Line3x3Stride2<I, 1>>, 6, taps_3x3_stride2}},
                             {}}};
    // The weights of wider ones do not fit into registers.
    if constexpr (I::parts == 1) {
        block.columns[1][0] = {lines_of_block<Line5x5<I, 2>, Line5x5<I, 1>>, 14, taps_5x5};
        block.columns[1][1] = {lines_of_block<Line5x5Stride2<I, 2>, Line5x5Stride2<I, 1>>, 14, taps_5x5_stride2};
    }
    return block;
}

}  // namespace
}  // namespace octavo

#endif
