// Searches for the parameters of schemes with AVX2.
#include "kernels/search_vectors.h"

namespace octavo {

const SearchKernels search_avx2 = {"avx2", best_split, rounding_errors, spread_error, range_errors};

}  // namespace octavo
