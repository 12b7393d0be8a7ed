#include "registry/stats.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<StatsKernels> rows[] = {
    {Isa::avx512, &stats_avx512},
    {Isa::avx2, &stats_avx2},
    {Isa::scalar, &stats_scalar},
};

}  // namespace

const StatsKernels& stats_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
