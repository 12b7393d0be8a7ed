#include "registry/search.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<SearchKernels> rows[] = {
    {Isa::avx512, &search_avx512},
    {Isa::avx2, &search_avx2},
    {Isa::scalar, &search_scalar},
};

}  // namespace

const SearchKernels& search_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
