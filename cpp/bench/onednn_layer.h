// The same layers by oneDNN itself, called as a program would that uses nothing else: its own weight format, its own threads.
#ifndef OCTAVO_BENCH_ONEDNN_LAYER_H
#define OCTAVO_BENCH_ONEDNN_LAYER_H

#include <memory>

#include "bench/problem.h"
#include "bench/workload.h"

namespace octavo::bench {

// Throws std::exception where oneDNN has no such kernel. Integer images are NHWC, which is the one layout of its int8 kernels;
// float images have the layout that oneDNN asks for. A residual is a sum post-op, which reads what it overwrites. Activations to be
// quantized by their range are brought into u8 by a scale and zero point that are known beforehand: oneDNN does not find them.
std::unique_ptr<Workload> onednn_layer(const Problem& problem, bool as_float);

}  // namespace octavo::bench

#endif
