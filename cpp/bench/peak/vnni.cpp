#include <immintrin.h>

#include "bench/peak/loops.h"

namespace octavo::bench {

int64_t products_vnni(int64_t steps) {
    const __m512i a = operand<__m512i>(), b = operand<__m512i>();
    run_chains<24, __m512i>(steps, [&](__m512i* sum) {
        asm volatile("vpdpbusd %1, %2, %0" : "+v"(*sum) : "v"(b), "v"(a));
    });
    return steps * 24 * 64;
}

void read_vnni(const std::byte* data, size_t bytes) { read_all<__m512i>(data, bytes); }

}  // namespace octavo::bench
