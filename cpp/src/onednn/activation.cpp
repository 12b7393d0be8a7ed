#include "onednn/activation.h"

#include <cmath>

#include "onednn/clones.h"

namespace octavo::onednn {

namespace {

OCTAVO_CLONES void clamp(float* y, int64_t n, float low, float high) {
    for (int64_t i = 0; i < n; ++i) {
        const float v = y[i] < low ? low : y[i];
        y[i] = v > high ? high : v;
    }
}

}  // namespace

octavo_op_desc without_activation(octavo_op_desc desc) {
    desc.activation = OCTAVO_NO_ACTIVATION;
    return desc;
}

void activate(const octavo_op_desc& desc, float* y, int64_t n) {
    if (desc.activation == OCTAVO_RELU) clamp(y, n, 0.0f, INFINITY);
    if (desc.activation == OCTAVO_CLAMP) clamp(y, n, desc.clamp_min, desc.clamp_max);
}

}  // namespace octavo::onednn
