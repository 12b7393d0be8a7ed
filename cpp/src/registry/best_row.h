// The row of a table that a cap allows: tables list their rows best first, the one that all can run last.
#ifndef OCTAVO_REGISTRY_BEST_ROW_H
#define OCTAVO_REGISTRY_BEST_ROW_H

#include <cstddef>

#include "cpu/isa.h"

namespace octavo {

template <class Kernels>
struct RegistryRow {
    Isa isa;
    const Kernels* kernels;
};

template <class Kernels, size_t count>
const Kernels& best_row(const RegistryRow<Kernels> (&rows)[count], Isa cap) {
    for (const RegistryRow<Kernels>& row : rows)
        if (allows(cap, row.isa)) return *row.kernels;
    return *rows[count - 1].kernels;
}

}  // namespace octavo

#endif
