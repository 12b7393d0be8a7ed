// Family conv, the definition: pixel p, output o: start[o] + sum over groups and their bytes, then the output stage; or the
// largest of the four sums of 2 x 2 pixels in between.
#include "kernels/conv.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

// Of pixel p: the sum over the upper line's groups, or over the lower's.
template <int pixel_stride, int outputs, int lines>
int32_t pixel_sum(const ConvLineArgs& args, int64_t p, int o, bool lower) {
    int32_t sum = args.stage->start[o];
    const int32_t* offset = args.offsets;
    const int8_t* b = args.b;
    for (int part = 0; part < 3; part++) {
        for (int64_t g = 0; g < args.groups[part]; g++) {
            const uint8_t* a = args.a + p * pixel_stride + *offset++;
            const int8_t* w = b + (part == 1 && lower ? 4 * outputs : 0) + 4 * o;
            for (int k = 0; k < 4 && part != (lower ? 0 : 2); k++) sum = multiply_add(sum, a[k], w[k]);
            b += (part == 1 ? 8 : 4) * outputs;
        }
    }
    for (int64_t i = 0; i < args.joined * args.pieces_each; i++) {
        const ConvPiece& piece = args.pieces[i];
        const uint8_t* a = args.a + p * pixel_stride + piece.offset;
        const int8_t* w = b + ((i / args.pieces_each * lines + (lower ? 1 : 0)) * outputs + o) * 4;
        for (int k = 0; k < 4; k++) {
            if (piece.bytes >> k & 1) sum = multiply_add(sum, a[k], w[k]);
        }
    }
    return sum;
}

template <int pixel_stride, int outputs>
void line(const ConvLineArgs& args) {
    for (int64_t p = 0; p < args.pixels; p++) {
        for (int o = 0; o < outputs; o++) {
            const int32_t sum = pixel_sum<pixel_stride, outputs, 1>(args, p, o, false);
            write_output(*args.stage, sum, o, nullptr, 0, args.c, p * outputs + o);
        }
    }
}

template <int pixel_stride, int outputs>
void pooled(const ConvLineArgs& args) {
    for (int64_t p = 0; p < args.pixels; p += 2) {
        for (int o = 0; o < outputs; o++) {
            int32_t most = INT32_MIN;
            for (int i = 0; i < 4; i++) {
                const int32_t sum = pixel_sum<pixel_stride, outputs, 2>(args, p + i % 2, o, i >= 2);
                most = sum > most ? sum : most;
            }
            write_output(*args.stage, most, o, nullptr, 0, args.c, p / 2 * outputs + o);
        }
    }
}

}  // namespace

#define OCTAVO_OUTPUTS(f, s) \
    { f<s, 1>, f<s, 2>, f<s, 3>, f<s, 4>, f<s, 5>, f<s, 6>, f<s, 7>, f<s, 8> }
#define OCTAVO_STRIDES(f) \
    { OCTAVO_OUTPUTS(f, 1), OCTAVO_OUTPUTS(f, 2), OCTAVO_OUTPUTS(f, 3), OCTAVO_OUTPUTS(f, 4) }
const ConvLineRow conv_line_scalar = {"scalar", OCTAVO_STRIDES(line), OCTAVO_STRIDES(pooled)};
#undef OCTAVO_STRIDES
#undef OCTAVO_OUTPUTS

}  // namespace octavo
