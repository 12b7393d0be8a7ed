// The scalar kernels are plain C++ for any x86-64, which has SSE2: what a compiler can make of them at best is pmaddwd.
#include <emmintrin.h>

#include "bench/peak/loops.h"

namespace octavo::bench {

int64_t products_scalar(int64_t steps) {
    const __m128i a = operand<__m128i>();
    run_chains<12, __m128i>(steps, [&](__m128i* sum) {
        __m128i products = a;
        opaque(&products);
        asm volatile("pmaddwd %1, %0" : "+x"(products) : "x"(a));
        asm volatile("paddd %1, %0" : "+x"(*sum) : "x"(products));
    });
    return steps * 12 * 8;
}

void read_scalar(const std::byte* data, size_t bytes) { read_all<__m128i>(data, bytes); }

}  // namespace octavo::bench
