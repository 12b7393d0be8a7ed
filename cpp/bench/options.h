// What the command line says.
#ifndef OCTAVO_BENCH_OPTIONS_H
#define OCTAVO_BENCH_OPTIONS_H

#include <string>
#include <vector>

namespace octavo::bench {

struct Options {
    std::string isa;           // cap for both sides; "": none
    std::vector<int> threads;  // {1, 2} where nothing is said and there are two CPUs
    std::string filter;        // regular expression of row names; "": all
    std::string json, chart;   // files to write; "": none
    bool libtorch = false;     // one more peer
    int activation_bits = 8;   // 7: codes 0..127
    int repetitions = 7;
    double min_time = 0.01;  // seconds a repetition
    bool nets = false, help = false;

    int code_max() const { return (1 << activation_bits) - 1; }
};

extern const char* const usage;

// Throws std::invalid_argument with a message that names the argument.
Options parse_options(int argc, char** argv);

}  // namespace octavo::bench

#endif
