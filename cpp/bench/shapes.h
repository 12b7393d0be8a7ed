// The shapes that tests and benchmarks share (tests/shapes; their README has the format).
#ifndef OCTAVO_BENCH_SHAPES_H
#define OCTAVO_BENCH_SHAPES_H

#include <cstdint>
#include <string>
#include <vector>

namespace octavo::bench {

enum class Family { linear, table4, conv, memory };
enum class Kind { gemm, gemv, table4, conv, first, depthwise, memory };
constexpr Kind kinds[] = {Kind::gemm, Kind::gemv, Kind::table4, Kind::conv, Kind::first, Kind::depthwise, Kind::memory};

const char* kind_name(Kind kind);

struct Shape {
    std::string name;  // "demo/conv1"
    Family family = Family::conv;
    // Images [batch, channels, height, width]; a linear layer's rows M are the batch, its depth K the channels.
    int64_t batch = 1, channels = 1, height = 1, width = 1;
    int64_t outputs = 1;  // output channels, N of a linear layer
    int kernel = 1, stride = 1, padding = 0, groups = 1;
    int x_zero = 0, w_zero = 0;  // zero points of activations and weights
    int y_zero = 0;              // of results; not 0: they have no ReLU
    bool float_result = false;
    bool float_input = false;    // f32 activations, and results, with quantized weights
    bool dynamic_input = false;  // f32 activations that are quantized by their range, and f32 results
    bool signed_input = false;   // s8 activations
    bool residual = false;       // of u8, added before the activation
    bool own_tables = false;     // each set of weight parameters has a table of its own; else all have one
    int group_size = 0;          // weights along K that share a scale; 0: all of an output's
    bool from_memory = false;    // cycles through more copies than the caches hold
    std::string operation;       // of a memory-bound row

    Kind kind() const;
    // Sets of weight parameters that an output has.
    int64_t weight_sets() const { return group_size > 0 ? (channels + group_size - 1) / group_size : 1; }
    int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
    int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
    int64_t inputs() const { return batch * channels * height * width; }   // elements
    int64_t results() const;                                               // elements
    int64_t depth() const { return channels / groups * kernel * kernel; }  // products a result
    int64_t macs() const { return results() * depth(); }
};

// All lines of tests/shapes/*.txt, files by name. Throws std::runtime_error with file and line for a line that does not read, or
// that repeats another one's shape.
std::vector<Shape> read_shapes();

}  // namespace octavo::bench

#endif
