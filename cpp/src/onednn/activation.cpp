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

Attributes without_activation(Attributes attributes) {
    attributes.activation = OCTAVO_NO_ACTIVATION;
    return attributes;
}

void activate(const Attributes& attributes, float* y, int64_t n) {
    if (attributes.activation == OCTAVO_RELU) clamp(y, n, 0.0f, INFINITY);
    if (attributes.activation == OCTAVO_CLAMP) clamp(y, n, attributes.clamp_min, attributes.clamp_max);
}

}  // namespace octavo::onednn
