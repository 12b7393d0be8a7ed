// Statistics of arrays: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_STATS_H
#define OCTAVO_REGISTRY_STATS_H

#include "cpu/isa.h"
#include "kernels/stats.h"

namespace octavo {

// The best row under the cap.
const StatsKernels& stats_kernels(Isa cap);

}  // namespace octavo

#endif
