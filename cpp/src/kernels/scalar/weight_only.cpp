// Family weight_only, the definition.
#include "kernels/weight_only.h"

#include <math.h>

namespace octavo {
namespace {

constexpr int panel = 16;

int weight_of_bytes(const WeightOnlyArgs& args, int64_t k, int j) {
    return static_cast<const int8_t*>(args.weights)[k * panel + j];
}

int weight_of_codes(const WeightOnlyArgs& args, int64_t k, int j) {
    const uint8_t pair = static_cast<const uint8_t*>(args.weights)[(k / 8 * panel + j) * 4 + k % 4];
    return args.table[k % 8 < 4 ? pair & 15 : pair >> 4];
}

template <int (*weight)(const WeightOnlyArgs&, int64_t, int)>
void product(const WeightOnlyArgs& args) {
    for (int j = 0; j < args.columns; j++) {
        float total = args.bias != nullptr ? args.bias[j] : 0;
        int64_t parameters = j;
        for (int64_t first = 0; first < args.depth; first += args.group_size, parameters += args.group_step) {
            const float zero = args.zeros != nullptr ? args.zeros[parameters] : 0;
            float sum = 0;
            for (int64_t k = first; k < first + args.group_size && k < args.depth; k++) {
                sum = fmaf(args.x[k], static_cast<float>(weight(args, k, j)) - zero, sum);
            }
            total = fmaf(sum, args.scales[parameters], total);
        }
        args.y[j] = total;
    }
}

const WeightOnlyFn bytes[] = {product<weight_of_bytes>};
const WeightOnlyFn codes[] = {product<weight_of_codes>};

}  // namespace

const WeightOnlyRow weight_only_scalar = {"scalar", 1, panel, 1, bytes, codes, false};

}  // namespace octavo
