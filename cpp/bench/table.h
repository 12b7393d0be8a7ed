// The results as one table: a row a layer or network, a column a contender, medians and their ratios.
#ifndef OCTAVO_BENCH_TABLE_H
#define OCTAVO_BENCH_TABLE_H

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/contender.h"

namespace octavo::bench {

// A row: benchmarks "name/contender".
struct Row {
    std::string name;
    int64_t batch;
    int64_t macs = 0;  // of the batch
};

class TableReporter : public benchmark::BenchmarkReporter {
public:
    void add(const Row& row) { rows_.push_back(row); }
    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    void Finalize() override;
    // Why a contender does not run something; printed below the table.
    void note(const std::string& sentence) { notes_.push_back(sentence); }

private:
    struct Time {
        double nanoseconds = 0;
        double deviation = 0;  // relative
    };
    const Time* time(const Row& row, Contender contender) const;
    std::string microseconds(const Row& row, Contender contender) const;
    std::string ratio(const Row& row, Contender contender) const;
    std::string rate(const Row& row) const;

    std::vector<Row> rows_;
    std::map<std::string, Time> times_;  // by "name/contender"
    std::vector<std::string> notes_;
};

}  // namespace octavo::bench

#endif
