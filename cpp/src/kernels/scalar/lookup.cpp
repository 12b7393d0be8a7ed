// Family lookup, the definition: start[n] + sum over k of A[i, k] * table[n][code[n][k]], then the output stage.
#include "kernels/lookup.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

constexpr int panel = 16;

template <int rows>
void product(const LookupArgs& args) {
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < args.columns; j++) {
            const int64_t place = (j % 4 * (panel / 4) + j / 4) * 16;
            int32_t sum = args.stage->start[args.column + j];
            for (int64_t k = 0; k < args.blocks * lookup_block; k++) {
                const uint8_t pair = args.codes[k / lookup_block * panel * 16 + place + k % 16];
                const int code = k % lookup_block < 16 ? pair & 15 : pair >> 4;
                sum = multiply_add(sum, args.a[i * args.a_stride + k], args.tables[place + code]);
            }
            write_output(*args.stage, sum, args.column + j, nullptr, 0, args.c, i * args.c_stride + j);
        }
    }
}

}  // namespace

const LookupRow lookup_scalar = {"scalar", {product<1>, product<2>, product<3>, product<4>}, panel};

}  // namespace octavo
