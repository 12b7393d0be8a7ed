// Searches for the parameters of schemes: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_SEARCH_H
#define OCTAVO_REGISTRY_SEARCH_H

#include "cpu/isa.h"
#include "kernels/search.h"

namespace octavo {

// The best row under the cap.
const SearchKernels& search_kernels(Isa cap);

}  // namespace octavo

#endif
