#include "registry/band.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<BandRow> rows[] = {
    {Isa::avx512, &band_avx512},
    {Isa::scalar, &band_scalar},
};

}  // namespace

const BandRow& band_row(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
