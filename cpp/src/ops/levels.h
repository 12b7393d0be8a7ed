// What the searches for the levels of tables have in common.
#ifndef OCTAVO_OPS_LEVELS_H
#define OCTAVO_OPS_LEVELS_H

#include <cstdint>

#include "ops/groups.h"

namespace octavo {

// The least scale of a table: a channel whose weights are next to nothing decodes to zeros, and biases stay finite when they are
// divided by the product of this scale and the least one of activations, 2^-23.
constexpr float least_table_scale = 0x1p-64f;
// The scale of levels that are all 0.
constexpr float scale_of_zeros = 0x1p-23f;

// Throws unless every x is finite, and every group has an element that occurs.
void check_counted(const float* x, const int64_t* counts, const Groups& groups);

}  // namespace octavo

#endif
