// Statistics of arrays with AVX-512.
#include "kernels/stats_vectors.h"

namespace octavo {
namespace {

// Up to 16 levels the thresholds are one register. With more, every 16th of them is one, for the steps of 16 and above.
struct Thresholds {
    explicit Thresholds(const LevelSearch& search) : all(search.thresholds), few(search.depth <= 4) {
        const __m512i every_16th =
            _mm512_setr_epi32(15, 31, 47, 63, 79, 95, 111, 127, 143, 159, 175, 191, 207, 223, 239, 254);
        table = few ? _mm512_loadu_ps(all) : _mm512_i32gather_ps(every_16th, all, 4);
    }
    Vec at(IVec index, int step) const {
        if (few) return {_mm512_permutexvar_ps(index.v, table)};
        if (step >= 16) return {_mm512_permutexvar_ps(_mm512_srli_epi32(index.v, 4), table)};
        return {_mm512_i32gather_ps(index.v, all, 4)};
    }

    const float* all;
    bool few;
    __m512 table;
};

}  // namespace
const StatsKernels stats_avx512 = {"avx512", range, histogram, nearest_level<Thresholds>, affine_error, squared_error};

}  // namespace octavo
