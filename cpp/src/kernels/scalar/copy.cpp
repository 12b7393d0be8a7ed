// Copies of elements and of short runs. They are loads and stores: no instruction set has a better way.
#include "kernels/copy.h"

namespace octavo {
namespace {

template <class T>
void strided(const void* from, int64_t x_step, void* to, int64_t y_step, int64_t n) {
    const T* x = static_cast<const T*>(from);
    T* y = static_cast<T*>(to);
    if (x_step == 0 && y_step == 1) {
        const T repeated = *x;
        for (int64_t i = 0; i < n; i++) y[i] = repeated;
        return;
    }
    for (int64_t i = 0; i < n; i++) y[i * y_step] = x[i * x_step];
}

template <int size>
void copy(unsigned char* y, const unsigned char* x) {
    __builtin_memcpy(y, x, size);
}

// Of at least `size` bytes and at most twice as many: the two halves overlap.
template <int size>
void copy_up_to_twice(unsigned char* y, const unsigned char* x, int64_t bytes) {
    unsigned char front[size], back[size];
    __builtin_memcpy(front, x, size);
    __builtin_memcpy(back, x + bytes - size, size);
    __builtin_memcpy(y, front, size);
    __builtin_memcpy(y + bytes - size, back, size);
}

template <class Copy>
void each_run(const void* x, const int64_t* places, void* y, int64_t y_step, int64_t count, const Copy& copy_run) {
    const unsigned char* from = static_cast<const unsigned char*>(x);
    unsigned char* to = static_cast<unsigned char*>(y);
    for (int64_t i = 0; i < count; i++) copy_run(to + i * y_step, from + places[i]);
}

void runs(const void* x, const int64_t* places, int64_t run, void* y, int64_t y_step, int64_t count) {
    using Byte = unsigned char;
    const auto each = [&](const auto& copy_run) { each_run(x, places, y, y_step, count, copy_run); };
    if (run == 1) return each([](Byte* to, const Byte* from) { *to = *from; });
    if (run == 2) return each(copy<2>);
    if (run == 3)
        return each([](Byte* to, const Byte* from) {
            copy<2>(to, from);
            to[2] = from[2];
        });
    if (run == 4) return each(copy<4>);
    if (run == 8) return each(copy<8>);
    if (run == 16) return each(copy<16>);
    if (run < 8) return each([run](Byte* to, const Byte* from) { copy_up_to_twice<4>(to, from, run); });
    if (run < 16) return each([run](Byte* to, const Byte* from) { copy_up_to_twice<8>(to, from, run); });
    if (run <= 32) return each([run](Byte* to, const Byte* from) { copy_up_to_twice<16>(to, from, run); });
    if (run <= 256) {
        return each([run](Byte* to, const Byte* from) {
            int64_t i = 0;
            for (; i + 32 < run; i += 32) copy<32>(to + i, from + i);
            copy<32>(to + run - 32, from + run - 32);
        });
    }
    each([run](Byte* to, const Byte* from) { __builtin_memcpy(to, from, static_cast<size_t>(run)); });
}

}  // namespace

const CopyKernels copy_scalar = {"scalar", strided<uint8_t>, strided<uint32_t>, strided<uint64_t>, runs};

}  // namespace octavo
