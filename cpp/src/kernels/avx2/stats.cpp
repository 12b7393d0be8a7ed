// Statistics of arrays with AVX2.
#include "kernels/stats_vectors.h"

namespace octavo {
namespace {

struct Thresholds {
    explicit Thresholds(const LevelSearch& search) : all(search.thresholds) {}
    Vec at(IVec index, int) const { return {_mm256_i32gather_ps(all, index.v, 4)}; }

    const float* all;
};

}  // namespace
const StatsKernels stats_avx2 = {"avx2", range, histogram, nearest_level<Thresholds>, affine_error, squared_error};

}  // namespace octavo
