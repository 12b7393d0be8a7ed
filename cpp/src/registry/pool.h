// Pooling: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_POOL_H
#define OCTAVO_REGISTRY_POOL_H

#include "cpu/isa.h"
#include "kernels/pool.h"

namespace octavo {

// The best row under the cap.
const PoolKernels& pool_kernels(Isa cap);
// Null where no instruction set under the cap has them.
const PoolFewChannelsKernels* pool_few_channels_kernels(Isa cap);

}  // namespace octavo

#endif
