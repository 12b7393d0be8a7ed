// Searches for the parameters of schemes with AVX-512.
#include "kernels/search_vectors.h"

namespace octavo {

const SearchKernels search_avx512 = {"avx512", best_split, rounding_errors, spread_error, range_errors};

}  // namespace octavo
