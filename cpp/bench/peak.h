// What this machine can do at most: loops on registers and on memory, for each instruction set.
#ifndef OCTAVO_BENCH_PEAK_H
#define OCTAVO_BENCH_PEAK_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace octavo::bench {

// The fastest way of an instruction set to multiply bytes and add the products into 32 bits, on registers alone; and a loop that
// reads memory once, 64 bytes a step. Each is compiled with the instruction set's flags: call what the CPU has.
#define OCTAVO_BENCH_PEAK(isa)                                                                           \
    int64_t products_##isa(int64_t steps);                /* returns the multiply-adds that were done */ \
    void read_##isa(const std::byte* data, size_t bytes); /* bytes: a multiple of 256 */
OCTAVO_BENCH_PEAK(scalar)
OCTAVO_BENCH_PEAK(avx2)
OCTAVO_BENCH_PEAK(avx512)
OCTAVO_BENCH_PEAK(vnni)
#undef OCTAVO_BENCH_PEAK

class Peak {
public:
    // Of one core, under the given instruction set.
    explicit Peak(const std::string& isa);

    // Measured: the best of many short runs, since nothing makes such a loop faster than the core is. 1e9 operations a second, a
    // multiply-add counted as two.
    double gops() const { return gops_; }
    // Reads data once.
    void read(const std::byte* data, size_t bytes) const { read_(data, bytes); }

private:
    double gops_;
    void (*read_)(const std::byte*, size_t);
};

}  // namespace octavo::bench

#endif
