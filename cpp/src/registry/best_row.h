// The row of a table that a cap allows: tables list their rows best first, the definition (scalar) last.
#ifndef OCTAVO_REGISTRY_BEST_ROW_H
#define OCTAVO_REGISTRY_BEST_ROW_H

#include <cstddef>

#include "cpu/isa.h"

namespace octavo {

template <class Kernels>
struct RegistryRow {
    Isa isa;
    const Kernels* kernels;
    bool vbmi = false;  // needs AVX512-VBMI too
};

template <class Kernels, size_t count>
const Kernels& best_row(const RegistryRow<Kernels> (&rows)[count], Isa cap) {
    for (const RegistryRow<Kernels>& row : rows)
        if (row.isa <= cap && (!row.vbmi || has_vbmi())) return *row.kernels;
    return *rows[count - 1].kernels;
}

}  // namespace octavo

#endif
