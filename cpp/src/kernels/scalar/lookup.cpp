// Family lookup, the definition: start[n] + sum over k of A[i, k] * table[n][code[n][k]], then the output stage; with groups such
// a sum each (or of bytes), added as floats by their scales.
#include "kernels/lookup.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

constexpr int panel = 16, block = 32;

enum Weights { codes, bytes };

// Blocks [first, end) of column j, from `sum` on.
template <Weights weights>
int32_t column_sum(const LookupArgs& args, const uint8_t* a, const int8_t* tables, int j, int64_t first, int64_t end,
                   int32_t sum) {
    const int64_t place = (j % 4 * (panel / 4) + j / 4) * 16;
    for (int64_t k = first * block; k < end * block; k++) {
        if (weights == bytes) {
            sum = multiply_add(sum, a[k], static_cast<int8_t>(args.codes[k / 16 * panel * 16 + place + k % 16]));
            continue;
        }
        const uint8_t pair = args.codes[k / block * panel * 16 + place + k % 16];
        sum = multiply_add(sum, a[k], tables[place + (k % block < 16 ? pair & 15 : pair >> 4)]);
    }
    return sum;
}

template <int rows, bool grouped, Weights weights = codes>
void product(const LookupArgs& args) {
    for (int i = 0; i < rows; i++) {
        const uint8_t* a = args.a + i * args.a_stride;
        for (int j = 0; j < args.columns; j++) {
            const int64_t at = i * args.c_stride + j;
            if (!grouped) {
                const int32_t start = args.stage->start[args.column + j];
                const int32_t sum = column_sum<weights>(args, a, args.tables, j, 0, args.blocks, start);
                write_output(*args.stage, sum, args.column + j, nullptr, 0, args.c, at);
                continue;
            }
            float real = 0;
            for (int64_t g = 0, first = 0; first < args.blocks; g++, first += args.group_blocks) {
                const int64_t end = first + args.group_blocks < args.blocks ? first + args.group_blocks : args.blocks;
                const uint32_t start = static_cast<uint32_t>(args.starts[g * args.group_step + j]);
                const int32_t sum =
                    column_sum<weights>(args, a, args.tables + g * args.table_step, j, first, end,
                                        static_cast<int32_t>(start * static_cast<uint32_t>(args.zero_point)));
                real = fmaf(static_cast<float>(sum), args.scales[g * args.group_step + j], real);
            }
            write_real(*args.stage, real, args.column + j, nullptr, 0, args.c, at);
        }
    }
}

const LookupFn sums[] = {product<1, false>, product<2, false>, product<3, false>, product<4, false>};
const LookupFn grouped[] = {product<1, true>, product<2, true>, product<3, true>, product<4, true>};
const LookupFn grouped_bytes[] = {product<1, true, bytes>, product<2, true, bytes>, product<3, true, bytes>,
                                  product<4, true, bytes>};

}  // namespace

const LookupRow lookup_scalar = {"scalar", lookup_lanes, block,         panel,   panel,   1,      4,
                                 sums,     grouped,      grouped_bytes, nullptr, nullptr, nullptr};

}  // namespace octavo
