// What was measured of a shape.
#ifndef OCTAVO_BENCH_ROW_H
#define OCTAVO_BENCH_ROW_H

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/shapes.h"

namespace octavo::bench {

// machine: what the machine does at most in the place of a memory-bound row. octavo_dense: a table4 row's weights as s8.
enum class Contender { octavo, octavo_dense, onednn_int8, onednn_float, fbgemm, machine };

struct Time {
    double nanoseconds = 0;  // median: of the thread's CPU time with one thread, of real time with more
    double deviation = 0;    // relative
};

using Times = std::map<Contender, Time>;

struct Row {
    Shape shape;
    int threads = 1;
    double work = 0;  // of a run: operations, a multiply-add counted as two, or bytes read and written
    double peak = 0;  // 1e9 operations a second of as many cores; 0 for a memory-bound row
    std::string kernel;
    Times times;
    std::optional<double> scaling;  // time with one thread over this one's

    bool memory_bound() const { return shape.family == Family::memory; }
    // 1e9 operations or bytes a second.
    std::optional<double> rate(Contender contender) const;
    // Octavo's rate over another's.
    std::optional<double> ratio(Contender contender) const;
    std::optional<double> fraction_of_peak() const;
};

struct Report {
    std::string cpu, isa, versions;
    double peak = 0;  // of one core
    std::vector<Row> rows;
    std::vector<std::string> notes;
};

}  // namespace octavo::bench

#endif
