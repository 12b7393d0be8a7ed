// Family depthwise, the definition: start[c] + sum over taps of a * w, then the output stage.
#include "kernels/depthwise.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

constexpr int block = 16;
const uint8_t order[block] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

void line(const DepthwiseArgs& args) {
    const int16_t* b = static_cast<const int16_t*>(args.b);
    for (int64_t p = 0; p < args.pixels; p++) {
        const uint8_t* a = args.a + p * args.pixel_stride;
        for (int64_t c = 0; c < args.channels; c++) {
            const int64_t first = c / block * args.taps * block, within = c % block;
            int32_t sum = args.stage->start[c];
            for (int64_t t = 0; t < args.taps; t++) {
                sum = multiply_add(sum, a[args.offsets[t] + c], b[first + (t / 2 * block + within) * 2 + t % 2]);
            }
            write_output(*args.stage, sum, c, nullptr, 0, args.c, p * args.channels + c);
        }
    }
}

}  // namespace

const DepthwiseRow depthwise_scalar = {"scalar", line, block, 2, order, 0, 1, nullptr, 0, 0, nullptr, 0};

}  // namespace octavo
