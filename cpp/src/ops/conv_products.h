// Which product computes a convolution: a list of candidates, in the order in which they are asked.
#ifndef OCTAVO_OPS_CONV_PRODUCTS_H
#define OCTAVO_OPS_CONV_PRODUCTS_H

#include <cstdint>
#include <memory>

#include "cpu/isa.h"
#include "ops/conv_geometry.h"
#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "ops/rests.h"
#include "registry/band.h"

namespace octavo {

// A convolution for which a product is sought.
struct ConvProblem {
    Isa isa;
    ConvGeometry g;        // the convolution
    ConvGeometry windows;  // what the lines of the result see: g, or with a max-pool the windows of 2 x 2 of its pixels
    bool max_pool;
    const StageOperands& operands;  // weights [O][I / groups][kh][kw]
    const BandRow& band;

    const DenseWeights& weights() const { return *operands.weights; }
    // Neither residual nor weight zero points.
    bool plain() const { return operands.residual == nullptr && !weights().has_zero_points(); }
    // The sums themselves are wanted.
    bool sums() const { return operands.y->dtype == OCTAVO_S32; }
    // Codes or taps are not in memory as they are to be multiplied.
    bool needs_copy() const { return operands.x.flip || g.padded(); }
    // Bytes from row to row of the image, or of its copy.
    int64_t pitch(bool copies) const { return (copies ? windows.needed_width() : windows.width) * windows.channels; }
};

struct ConvProduct {
    std::unique_ptr<LineProduct> product;
    bool copies = false;  // it reads the lines' rows in a copy that has their padding, not in the image
    Rests rests;          // of the copy
};

// Throws Refusal where no product takes the max-pool as well.
ConvProduct choose_product(const ConvProblem& problem);

}  // namespace octavo

#endif
