#include "registry/resize.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<ResizeKernels> rows[] = {
    {Isa::avx512, &resize_avx512},
    {Isa::avx2, &resize_avx2},
    {Isa::scalar, &resize_scalar},
};

}  // namespace

const ResizeKernels& resize_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
