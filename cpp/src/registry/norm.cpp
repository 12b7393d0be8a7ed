#include "registry/norm.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<NormKernels> rows[] = {
    {Isa::avx512, &norm_avx512},
    {Isa::avx2, &norm_avx2},
    {Isa::scalar, &norm_scalar},
};

}  // namespace

const NormKernels& norm_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
