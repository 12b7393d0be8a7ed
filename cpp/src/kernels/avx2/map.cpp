// A function of one code with AVX2: the low four bits look up 16 tables of 16, the high four bits choose.
#include "kernels/map.h"

#include <immintrin.h>

namespace octavo {
namespace {

__m256i look_up(__m256i x, const uint8_t* table) {
    const __m256i low = _mm256_and_si256(x, _mm256_set1_epi8(15));
    // The top bit of a byte chooses in a blend; bits that a shift brings from the neighbour are below it.
    const __m256i bit6 = _mm256_slli_epi16(x, 1), bit5 = _mm256_slli_epi16(x, 2), bit4 = _mm256_slli_epi16(x, 3);
    const auto sixteen = [&](int i) {
        const __m128i* part = reinterpret_cast<const __m128i*>(table) + i;
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(part)), low);
    };
    const auto of32 = [&](int i) { return _mm256_blendv_epi8(sixteen(i), sixteen(i + 1), bit4); };
    const auto of64 = [&](int i) { return _mm256_blendv_epi8(of32(i), of32(i + 2), bit5); };
    const auto of128 = [&](int i) { return _mm256_blendv_epi8(of64(i), of64(i + 4), bit6); };
    return _mm256_blendv_epi8(of128(0), of128(8), x);
}

void map_bytes(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), look_up(v, table));
    }
    for (; i < n; i++) y[i] = table[x[i]];
}

}  // namespace

const MapKernels map_avx2 = {"avx2", map_bytes};

}  // namespace octavo
