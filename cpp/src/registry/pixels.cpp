#include "registry/pixels.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<PixelsKernels> rows[] = {
    {Isa::vbmi, &pixels_vnni},
    {Isa::avx512, &pixels_avx512},
    {Isa::avx2, &pixels_avx2},
    {Isa::scalar, &pixels_scalar},
};

}  // namespace

const PixelsKernels& pixels_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
