#include "bench/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

namespace octavo::bench {

namespace {

using Figure = std::optional<double>;
using Rows = std::vector<const Row*>;

struct Column {
    std::string title;
    std::function<Figure(const Row&)> figure;
    int decimals;
    bool summed_up;  // has a mean and a minimum
};

std::string text(const Figure& figure, int decimals) {
    if (!figure) return "-";
    char buffer[32];
    // Three digits are what a measurement is worth.
    if (decimals > 0 && std::abs(*figure) >= 100) decimals = 0;
    std::snprintf(buffer, sizeof buffer, "%.*f", decimals, *figure);
    return buffer;
}

Figure microseconds(const Row& row) {
    const auto found = row.times.find(Contender::octavo);
    if (found == row.times.end()) return std::nullopt;
    return found->second.nanoseconds / 1000;
}

std::vector<Column> columns_of(Kind kind, const Rows& rows) {
    const std::string unit = kind == Kind::memory ? "GB/s" : "GOPS";
    const auto rate = [](Contender who) { return [who](const Row& row) { return row.rate(who); }; };
    const auto ratio = [](Contender who) { return [who](const Row& row) { return row.ratio(who); }; };
    std::vector<Column> columns = {{"us", microseconds, 2, false},
                                   {"Octavo " + unit, rate(Contender::octavo), 1, false},
                                   {"oneDNN int8", rate(Contender::onednn_int8), 1, false},
                                   {"oneDNN float", rate(Contender::onednn_float), 1, false},
                                   {"x int8", ratio(Contender::onednn_int8), 2, true},
                                   {"x float", ratio(Contender::onednn_float), 2, true}};
    columns.push_back({"own int8", rate(Contender::octavo_dense), 1, false});
    columns.push_back({"x own", ratio(Contender::octavo_dense), 2, true});
    columns.push_back({"FBGEMM", rate(Contender::fbgemm), 1, false});
    columns.push_back({"x FBGEMM", ratio(Contender::fbgemm), 2, true});
    columns.push_back({kind == Kind::memory ? "of bandwidth" : "of peak",
                       [](const Row& row) { return row.fraction_of_peak(); }, 2, true});
    columns.push_back({"x one thread", [](const Row& row) { return row.scaling; }, 2, true});
    std::vector<Column> filled;
    for (const Column& column : columns) {
        const auto has_figure = [&](const Row* row) { return column.figure(*row).has_value(); };
        if (std::any_of(rows.begin(), rows.end(), has_figure)) filled.push_back(column);
    }
    return filled;
}

Figure geometric_mean(const std::vector<double>& figures) {
    if (figures.empty()) return std::nullopt;
    double sum = 0;
    for (double figure : figures) sum += std::log(figure);
    return std::exp(sum / static_cast<double>(figures.size()));
}

Figure least(const std::vector<double>& figures) {
    if (figures.empty()) return std::nullopt;
    return *std::min_element(figures.begin(), figures.end());
}

void print_summary(const char* name, const Rows& rows, const std::vector<Column>& columns,
                   Figure (*sum_up)(const std::vector<double>&)) {
    std::printf("| %s |", name);
    for (const Column& column : columns) {
        std::vector<double> figures;
        for (const Row* row : rows) {
            const Figure figure = column.figure(*row);
            if (figure) figures.push_back(*figure);
        }
        std::printf(" %s |", column.summed_up ? text(sum_up(figures), column.decimals).c_str() : "");
    }
    std::printf(" |\n");
}

bool noisy(const Row& row) {
    return std::any_of(row.times.begin(), row.times.end(), [](const auto& t) { return t.second.deviation > 0.1; });
}

void print_table(Kind kind, int threads, const Rows& rows) {
    const std::vector<Column> columns = columns_of(kind, rows);
    std::printf("\n## %s, %d thread%s\n\n| shape |", kind_name(kind), threads, threads == 1 ? "" : "s");
    for (const Column& column : columns) std::printf(" %s |", column.title.c_str());
    std::printf(" kernel |\n|---|");
    for (size_t i = 0; i < columns.size(); ++i) std::printf("--:|");
    std::printf("---|\n");
    for (const Row* row : rows) {
        std::printf("| %s%s |", row->shape.name.c_str(), noisy(*row) ? "*" : "");
        for (const Column& column : columns) std::printf(" %s |", text(column.figure(*row), column.decimals).c_str());
        std::printf(" %s |\n", row->kernel.c_str());
    }
    print_summary("geometric mean", rows, columns, geometric_mean);
    print_summary("minimum", rows, columns, least);
}

}  // namespace

void print_tables(const Report& report) {
    std::printf("%s, kernels %s, %s; one core's peak %.0f GOPS\n", report.cpu.c_str(), report.isa.c_str(),
                report.versions.c_str(), report.peak);
    for (int threads : {1, 2}) {
        for (Kind kind : kinds) {
            Rows rows;
            for (const Row& row : report.rows) {
                if (row.shape.kind() == kind && row.threads == threads) rows.push_back(&row);
            }
            if (!rows.empty()) print_table(kind, threads, rows);
        }
    }
    std::printf(
        "\nA multiply-add counts as two operations; x: Octavo's rate over the other's. Medians of CPU time with one "
        "thread, of real "
        "time with two; *: some contender's repetitions deviate by more than 10 %%.\n");
    const bool fbgemm = std::any_of(report.rows.begin(), report.rows.end(),
                                    [](const Row& row) { return row.times.count(Contender::fbgemm) != 0; });
    if (fbgemm)
        std::printf("FBGEMM as libtorch calls it, in a process of its own: some microseconds a call included.\n");
    for (const std::string& note : report.notes) std::printf("- %s\n", note.c_str());
}

}  // namespace octavo::bench
