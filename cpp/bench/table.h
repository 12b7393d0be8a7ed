// The report as Markdown tables on stdout, a table a kind, with geometric means and minima.
#ifndef OCTAVO_BENCH_TABLE_H
#define OCTAVO_BENCH_TABLE_H

#include "bench/row.h"

namespace octavo::bench {

void print_tables(const Report& report);

}  // namespace octavo::bench

#endif
