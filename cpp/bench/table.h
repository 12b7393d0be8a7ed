// The results as one table: a row a layer, a column a contender, medians and their ratios.
#ifndef OCTAVO_BENCH_TABLE_H
#define OCTAVO_BENCH_TABLE_H

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/layer.h"

namespace octavo::bench {

class TableReporter : public benchmark::BenchmarkReporter {
public:
    explicit TableReporter(std::vector<Shape> shapes) : shapes_(std::move(shapes)) {}
    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    void Finalize() override;
    // Why a contender does not run a layer; printed below the table.
    void note(const std::string& sentence) { notes_.push_back(sentence); }

private:
    struct Time {
        double nanoseconds = 0;
        double deviation = 0;  // relative
    };
    std::string cell(const Shape& shape, Contender contender) const;

    std::vector<Shape> shapes_;
    std::map<std::string, Time> times_;  // by "layer/contender"
    std::vector<std::string> notes_;
};

}  // namespace octavo::bench

#endif
