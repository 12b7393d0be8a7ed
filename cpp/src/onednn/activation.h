// ReLU and clamp behind a product. oneDNN does them with the product, but for NaN gives a bound; PyTorch and Octavo keep NaN.
#ifndef OCTAVO_ONEDNN_ACTIVATION_H
#define OCTAVO_ONEDNN_ACTIVATION_H

#include <cstdint>

#include "base/attributes.h"
#include "onednn/invalid.h"

namespace octavo::onednn {

Attributes without_activation(Attributes attributes);

// The description's activation of y [n], in place; NaN stays NaN.
void activate(const Attributes& attributes, float* y, int64_t n);

// fused() computes a result with its activation. Where that met NaN, plain() computes it again, without, and activates it: seldom
// enough to allocate for.
template <class Fused, class Plain>
void run_activated(const Attributes& attributes, const Fused& fused, const Plain& plain) {
    const InvalidWatch watch;
    fused();
    if (attributes.activation != OCTAVO_NO_ACTIVATION && watch.raised()) plain();
}

}  // namespace octavo::onednn

#endif
