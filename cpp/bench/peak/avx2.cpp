// Without VNNI: products of two groups of four bytes, added in 16 bits where they fit, then widened to 32 bits.
#include <immintrin.h>

#include "bench/peak/loops.h"

namespace octavo::bench {

int64_t products_avx2(int64_t steps) {
    const __m256i a0 = operand<__m256i>(), a1 = operand<__m256i>(), b = operand<__m256i>();
    const __m256i ones = operand<__m256i>();
    run_chains<10, __m256i>(steps, [&](__m256i* sum) {
        __m256i first, second;
        asm volatile("vpmaddubsw %1, %2, %0" : "=x"(first) : "x"(b), "x"(a0));
        asm volatile("vpmaddubsw %1, %2, %0" : "=x"(second) : "x"(b), "x"(a1));
        asm volatile("vpaddw %1, %0, %0" : "+x"(first) : "x"(second));
        asm volatile("vpmaddwd %1, %0, %0" : "+x"(first) : "x"(ones));
        asm volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(first));
    });
    return steps * 10 * 64;
}

void read_avx2(const std::byte* data, size_t bytes) { read_all<__m256i>(data, bytes); }

}  // namespace octavo::bench
