// The lines of family depthwise by columns of taps: the loops, for a vector type's way V to make and multiply a column.
//   V::Vector, V::sums (accumulators of a pixel's block), V::groups(kernel), V::keeps(kernel): the weights fit into
//   registers, where V::hold(vector) has the compiler leave them
//   V(stage); start(sums); column<kernel, group>(rows, at, column); padding(code); multiply(sum, column vector, weights);
//   write(sums, c)
#ifndef OCTAVO_KERNELS_DEPTHWISE_COLUMNS_H
#define OCTAVO_KERNELS_DEPTHWISE_COLUMNS_H

#include <stdint.h>

#include "kernels/depthwise.h"

namespace octavo {
namespace {

template <class V, int kernel, int stride>
struct Columns {
    using Vector = typename V::Vector;
    static constexpr int sums = V::sums, groups = V::groups(kernel);
    // Outputs that a column belongs to, at most: as many sets of sums take turns, each beginning anew at the stage's start.
    static constexpr int live = (kernel + stride - 1) / stride;

    // One group of rows of column x of the image's width, or of the padding beside it.
    template <int group>
    static OCTAVO_INLINE void load(const DepthwiseColumnsArgs& args, const V& v, const uint8_t* const (&rows)[kernel],
                                   int64_t x, Vector (&column)[sums]) {
        if (static_cast<uint64_t>(x) < static_cast<uint64_t>(args.width)) {
            v.template column<kernel, group>(rows, x * args.channels, column);
        } else {
            const Vector padding = V::padding(args.padding);
#pragma GCC unroll 4
            for (int i = 0; i < sums; i++) column[i] = padding;
        }
    }

    // The outputs that column `j` belongs to, counted from the first tap of output `turn`.
    template <int j, int turn, int group, int d = 0>
    static OCTAVO_INLINE void add(Vector (&sum)[live][sums], const Vector (&column)[sums], const Vector* b) {
        constexpr int tap = j - d * stride;
        if constexpr (tap >= 0 && tap < kernel) {
#pragma GCC unroll 4
            for (int i = 0; i < sums; i++) {
                Vector& s = sum[(turn + d) % live][i];
                s = V::multiply(s, column[i], b[(tap * groups + group) * sums + i]);
            }
        }
        if constexpr (d + 1 < live) add<j, turn, group, d + 1>(sum, column, b);
    }

    template <int j, int turn, int group = 0>
    static OCTAVO_INLINE void add_column(const DepthwiseColumnsArgs& args, const V& v,
                                         const uint8_t* const (&rows)[kernel], int64_t x, Vector (&sum)[live][sums],
                                         const Vector* b) {
        // Many weights are read where they are needed, not carried through the stack.
        if constexpr (!V::keeps(kernel)) opaque(b);
        Vector column[sums];
        load<group>(args, v, rows, x, column);
        add<j, turn, group>(sum, column, b);
        if constexpr (group + 1 < groups) add_column<j, turn, group + 1>(args, v, rows, x, sum, b);
    }

    // Columns before the last `stride` ones of the first output.
    template <int j>
    static OCTAVO_INLINE void begin(const DepthwiseColumnsArgs& args, const V& v, const uint8_t* const (&rows)[kernel],
                                    Vector (&sum)[live][sums], const Vector* b) {
        if constexpr (j < kernel - stride) {
            add_column<j, 0>(args, v, rows, j - args.left, sum, b);
            begin<j + 1>(args, v, rows, sum, b);
        }
    }

    // One output after its last `stride` columns, which others see too; for as many outputs as there are sets of sums, or those
    // that are left.
    template <int turn = 0>
    static OCTAVO_INLINE void outputs(const DepthwiseColumnsArgs& args, const V& v,
                                      const uint8_t* const (&rows)[kernel], int64_t x, int64_t rest,
                                      Vector (&sum)[live][sums], const Vector* b, uint8_t* c) {
        if (turn >= rest) return;
        add_column<kernel - stride, turn>(args, v, rows, x, sum, b);
        if constexpr (stride == 2) add_column<kernel - 1, turn>(args, v, rows, x + 1, sum, b);
        v.write(sum[turn], c);
        v.start(sum[turn]);
        if constexpr (turn + 1 < live) outputs<turn + 1>(args, v, rows, x + stride, rest, sum, b, c + args.channels);
    }

    static void lines(const DepthwiseColumnsArgs& given) {
        const DepthwiseColumnsArgs args = given;  // which results, being bytes, do not alias
        const V v(*args.stage);
        const Vector* b = static_cast<const Vector*>(args.b);
        constexpr int weights = kernel * groups * sums;
        Vector kept[weights];
        if constexpr (V::keeps(kernel)) {
#pragma GCC unroll 12
            for (int i = 0; i < weights; i++) {
                kept[i] = b[i];
                V::hold(kept[i]);
            }
            b = kept;
        }
        for (int64_t line = 0; line < args.lines; line++) {
            const uint8_t* rows[kernel];
#pragma GCC unroll 5
            for (int i = 0; i < kernel; i++) rows[i] = args.rows[line * kernel + i] + args.channel;
            Vector sum[live][sums];
#pragma GCC unroll 5
            for (int i = 0; i < live; i++) v.start(sum[i]);
            begin<0>(args, v, rows, sum, b);
            uint8_t* c = args.c + line * args.pixels * args.channels;
            int64_t x = kernel - stride - args.left;
            for (int64_t p = 0; p < args.pixels; p += live, x += live * stride, c += live * args.channels)
                outputs(args, v, rows, x, args.pixels - p, sum, b, c);
        }
    }
};

// The taps of columns of `kernel` rows, filled up to whole groups.
template <int kernel, int grouped>
struct ColumnTaps {
    static constexpr int groups = kernel * ((kernel + grouped - 1) / grouped);
    int8_t taps[groups * grouped] = {};
    constexpr ColumnTaps() {
        constexpr int column = groups / kernel * grouped;
        for (int i = 0; i < groups * grouped; i++)
            taps[i] = static_cast<int8_t>(i % column < kernel ? i % column * kernel + i / column : -1);
    }
};
template <int kernel, int grouped>
constexpr ColumnTaps<kernel, grouped> column_taps = {};

template <class V, int kernel, int stride, int grouped>
constexpr DepthwiseColumns columns_of() {
    return {Columns<V, kernel, stride>::lines, ColumnTaps<kernel, grouped>::groups, column_taps<kernel, grouped>.taps};
}

template <class V, int grouped>
constexpr DepthwiseBlock columns_block(int channels, const uint8_t* order) {
    return {channels,
            order,
            {{columns_of<V, 3, 1, grouped>(), columns_of<V, 3, 2, grouped>()},
             {columns_of<V, 5, 1, grouped>(), columns_of<V, 5, 2, grouped>()}}};
}

}  // namespace
}  // namespace octavo

#endif
