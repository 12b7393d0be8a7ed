// All rows: their contenders made, checked against each other, and raced.
#ifndef OCTAVO_BENCH_SUITE_H
#define OCTAVO_BENCH_SUITE_H

#include "bench/libtorch_peer.h"
#include "bench/options.h"
#include "bench/peak.h"
#include "bench/row.h"

namespace octavo::bench {

class Suite {
public:
    Suite(const Options& options, const Peak& peak, Report* report);
    // Every shape whose name the filter finds, with so many threads. Progress goes to stderr.
    void run(int threads);

private:
    void run_row(const Shape& shape, int threads, LibtorchPeer* libtorch);

    const Options& options_;
    const Peak& peak_;
    Report& report_;
    std::vector<Shape> shapes_;
};

}  // namespace octavo::bench

#endif
