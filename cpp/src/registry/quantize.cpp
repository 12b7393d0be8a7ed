#include "registry/quantize.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<QuantizeKernels> rows[] = {
    {Isa::avx512, &quantize_avx512},
    {Isa::avx2, &quantize_avx2},
    {Isa::scalar, &quantize_scalar},
};

}  // namespace

const QuantizeKernels& quantize_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
