// Plain loops compiled once for each vector width; the loader picks by CPU.
#ifndef OCTAVO_ONEDNN_CLONES_H
#define OCTAVO_ONEDNN_CLONES_H

#include <cstdint>

// Resolvers run before a sanitizer's own start-up, so sanitized builds have the default version alone.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define OCTAVO_CLONES
#else
#define OCTAVO_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

namespace octavo::onednn {

// Eight numbers anywhere in memory. For loops of which the compiler cannot see that they are worth a vector.
using Float8 = float __attribute__((vector_size(32), aligned(4), may_alias));
using Int8 = int32_t __attribute__((vector_size(32), aligned(4), may_alias));

}  // namespace octavo::onednn

#endif
