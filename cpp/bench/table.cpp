#include "bench/table.h"

#include <cstdio>

#include "octavo/octavo.h"
#ifdef OCTAVO_ONEDNN
#include "octavo/octavo_onednn.h"
#endif

namespace octavo::bench {

bool TableReporter::ReportContext(const Context&) {
    const char* isa = "?";
    octavo_isa_active(&isa);
    std::printf("octavo %s, %s, %s, one thread", octavo_version(), octavo_cpu_name(), isa);
#ifdef OCTAVO_ONEDNN
    std::printf(", oneDNN %s", octavo_onednn_version());
#endif
    std::printf("\n\n");
    return true;
}

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        if (run.error_occurred) {
            note(run.benchmark_name() + ": " + run.error_message);
        } else if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") {
            times_[run.run_name.function_name].nanoseconds = run.GetAdjustedRealTime();
        } else if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "cv") {
            times_[run.run_name.function_name].deviation = run.real_accumulated_time;
        }
    }
}

std::string TableReporter::cell(const Shape& shape, Contender contender) const {
    const auto found = times_.find(shape.name + "/" + contender_name(contender));
    if (found == times_.end() || found->second.nanoseconds <= 0) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.2f%s", found->second.nanoseconds / 1000,
                  found->second.deviation > 0.1 ? "*" : "");
    return text;
}

void TableReporter::Finalize() {
    std::printf("| layer | N | Octavo int8, us | GOPS | oneDNN int8, us | x | oneDNN float, us | x |\n");
    std::printf("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (const Shape& shape : shapes_) {
        const auto time = [&](Contender contender) {
            const auto found = times_.find(shape.name + "/" + contender_name(contender));
            return found == times_.end() ? 0 : found->second.nanoseconds;
        };
        const double own = time(Contender::octavo_int8);
        const auto ratio = [&](Contender contender) {
            char text[32] = "-";
            if (own > 0 && time(contender) > 0) std::snprintf(text, sizeof text, "%.2f", time(contender) / own);
            return std::string(text);
        };
        char rate[32] = "-";
        if (own > 0 && shape.macs() > 0) {
            std::snprintf(rate, sizeof rate, "%.0f", 2 * static_cast<double>(shape.macs()) / own);
        }
        std::printf("| %s | %ld | %s | %s | %s | %s | %s | %s |\n", shape.name.c_str(), static_cast<long>(shape.batch),
                    cell(shape, Contender::octavo_int8).c_str(), rate, cell(shape, Contender::onednn_int8).c_str(),
                    ratio(Contender::onednn_int8).c_str(), cell(shape, Contender::onednn_float).c_str(),
                    ratio(Contender::onednn_float).c_str());
    }
    std::printf(
        "\nMedians of repetitions in random order; x: the peer's time over Octavo's; *: repetitions deviate by more "
        "than 10 %%.\n");
    for (const std::string& note : notes_) std::printf("- %s\n", note.c_str());
}

}  // namespace octavo::bench
