// Family conv, the definition: pixel p, output o: start[o] + sum over groups and their bytes, then the output stage.
#include "kernels/conv.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

template <int pixel_stride, int outputs>
void line(const ConvLineArgs& args) {
    for (int64_t p = 0; p < args.pixels; p++) {
        for (int o = 0; o < outputs; o++) {
            int32_t sum = args.stage->start[o];
            for (int64_t g = 0; g < args.groups; g++) {
                const uint8_t* a = args.a + p * pixel_stride + args.offsets[g];
                for (int k = 0; k < 4; k++) sum = multiply_add(sum, a[k], args.b[(g * outputs + o) * 4 + k]);
            }
            write_output(*args.stage, sum, o, nullptr, 0, args.c, p * outputs + o);
        }
    }
}

}  // namespace

#define OCTAVO_OUTPUTS(s) \
    { line<s, 1>, line<s, 2>, line<s, 3>, line<s, 4>, line<s, 5>, line<s, 6>, line<s, 7>, line<s, 8> }
const ConvLineRow conv_line_scalar = {"scalar",
                                      {OCTAVO_OUTPUTS(1), OCTAVO_OUTPUTS(2), OCTAVO_OUTPUTS(3), OCTAVO_OUTPUTS(4)}};
#undef OCTAVO_OUTPUTS

}  // namespace octavo
