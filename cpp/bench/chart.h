// The report as a bar chart, SVG.
#ifndef OCTAVO_BENCH_CHART_H
#define OCTAVO_BENCH_CHART_H

#include <string>

#include "bench/row.h"

namespace octavo::bench {

// A group of bars a row, in the order of the report: Octavo, oneDNN int8, oneDNN float, FBGEMM where it ran, as fractions of the
// machine's peak (memory-bound rows: of its bandwidth). Throws std::runtime_error if the file cannot be written.
void write_chart(const Report& report, const std::string& file);

}  // namespace octavo::bench

#endif
