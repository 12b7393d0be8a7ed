// Weights are packed on the threads that the plan may use, and once for all plans that share them.
#ifndef OCTAVO_OPS_PACKING_H
#define OCTAVO_OPS_PACKING_H

#include <cstdint>
#include <memory>

#include "ops/output_stage.h"
#include "pack/panels.h"

namespace octavo {

// For packing so many bytes.
Share packing_threads(int64_t bytes, int threads);
Share packing_threads(const StageOperands& operands);

// Weights [outputs, depth] in panels of a tile: those of `groups` channel groups, each beginning group_bytes further in a pixel.
std::shared_ptr<const Panels> pack_panels(const GemmTile& tile, const GroupLayout& layout,
                                          const StageOperands& operands, int groups, int64_t group_bytes);

// A packed form of the operands' weights: found, or made. describe(Hash&) adds what it depends on beside the weights' numbers.
template <class Describe, class Make>
auto pack_weights(const StageOperands& operands, const char* kind, const Describe& describe, const Make& make) {
    return shared_or_made(
        operands.shared, kind,
        [&](Hash& key) {
            operands.weights->describe_values(key);
            describe(key);
        },
        make);
}

}  // namespace octavo

#endif
