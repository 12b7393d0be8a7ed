// Quantize and dequantize: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_QUANTIZE_H
#define OCTAVO_REGISTRY_QUANTIZE_H

#include "cpu/isa.h"
#include "kernels/quantize.h"

namespace octavo {

// The best row under the cap.
const QuantizeKernels& quantize_kernels(Isa cap);

}  // namespace octavo

#endif
