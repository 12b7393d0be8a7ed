// The shapes that tests and benchmarks share (tests/shapes).
#ifndef OCTAVO_BENCH_SHAPES_H
#define OCTAVO_BENCH_SHAPES_H

#include <cstdint>
#include <string>
#include <vector>

namespace octavo::bench {

enum class Family { quantize, conv, pool, linear };

struct Shape {
    std::string name;  // "demo/conv1"
    Family family = Family::conv;
    int64_t batch = 1, channels = 1, height = 1, width = 1;  // linear: channels is K
    int64_t outputs = 0;                                     // output channels, N of a linear
    int kernel = 1, stride = 1, padding = 0, groups = 1;

    int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
    int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
    int64_t macs() const;  // of the whole batch
};

// All lines of tests/shapes/ORIGIN_*.txt in the order in which a network has its families. Throws std::runtime_error, with file
// and line, for a file that does not read.
std::vector<Shape> read_shapes(const std::string& origin);

}  // namespace octavo::bench

#endif
