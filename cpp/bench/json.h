// The report as JSON.
#ifndef OCTAVO_BENCH_JSON_H
#define OCTAVO_BENCH_JSON_H

#include <string>

#include "bench/row.h"

namespace octavo::bench {

// Throws std::runtime_error if the file cannot be written.
void write_json(const Report& report, const std::string& file);

}  // namespace octavo::bench

#endif
