// Plain loops: one row for all instruction sets.
#ifndef OCTAVO_REGISTRY_PLAIN_H
#define OCTAVO_REGISTRY_PLAIN_H

#include "kernels/plain.h"

namespace octavo {

const PlainKernels& plain_kernels();

}  // namespace octavo

#endif
