#include "registry/map.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<MapKernels> rows[] = {
    {Isa::vbmi, &map_vnni},
    {Isa::avx512, &map_avx512},
    {Isa::avx2, &map_avx2},
    {Isa::scalar, &map_scalar},
};

}  // namespace

const MapKernels& map_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
