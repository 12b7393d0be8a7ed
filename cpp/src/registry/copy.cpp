#include "registry/copy.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<CopyKernels> rows[] = {
    {Isa::scalar, &copy_scalar},
};

}  // namespace

const CopyKernels& copy_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
