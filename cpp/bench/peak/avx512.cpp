// As AVX2 does it, on 512 bits.
#include <immintrin.h>

#include "bench/peak/loops.h"

namespace octavo::bench {

int64_t products_avx512(int64_t steps) {
    const __m512i a0 = operand<__m512i>(), a1 = operand<__m512i>(), b = operand<__m512i>();
    const __m512i ones = operand<__m512i>();
    run_chains<20, __m512i>(steps, [&](__m512i* sum) {
        __m512i first, second;
        asm volatile("vpmaddubsw %1, %2, %0" : "=v"(first) : "v"(b), "v"(a0));
        asm volatile("vpmaddubsw %1, %2, %0" : "=v"(second) : "v"(b), "v"(a1));
        asm volatile("vpaddw %1, %0, %0" : "+v"(first) : "v"(second));
        asm volatile("vpmaddwd %1, %0, %0" : "+v"(first) : "v"(ones));
        asm volatile("vpaddd %1, %0, %0" : "+v"(*sum) : "v"(first));
    });
    return steps * 20 * 128;
}

void read_avx512(const std::byte* data, size_t bytes) { read_all<__m512i>(data, bytes); }

}  // namespace octavo::bench
