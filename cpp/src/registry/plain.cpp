#include "registry/plain.h"

namespace octavo {

const PlainKernels& plain_kernels() { return plain_scalar; }

}  // namespace octavo
