#include "registry/pool.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<PoolKernels> rows[] = {
    {Isa::avx512, &pool_avx512},
    {Isa::avx2, &pool_avx2},
    {Isa::scalar, &pool_scalar},
};

}  // namespace

const PoolKernels& pool_kernels(Isa cap) { return best_row(rows, cap); }

const PoolFewChannelsKernels* pool_few_channels_kernels(Isa cap) {
    return allows(cap, Isa::vbmi) ? &pool_few_channels_vnni : nullptr;
}

}  // namespace octavo
