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
            times_[run.run_name.function_name].nanoseconds = run.GetAdjustedCPUTime();
        } else if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "cv") {
            times_[run.run_name.function_name].deviation = run.cpu_accumulated_time;
        }
    }
}

const TableReporter::Time* TableReporter::time(const Row& row, Contender contender) const {
    const auto found = times_.find(row.name + "/" + contender_name(contender));
    return found == times_.end() || found->second.nanoseconds <= 0 ? nullptr : &found->second;
}

std::string TableReporter::microseconds(const Row& row, Contender contender) const {
    const Time* measured = time(row, contender);
    if (measured == nullptr) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.2f%s", measured->nanoseconds / 1000, measured->deviation > 0.1 ? "*" : "");
    return text;
}

std::string TableReporter::ratio(const Row& row, Contender contender) const {
    const Time *own = time(row, Contender::octavo_int8), *peer = time(row, contender);
    if (own == nullptr || peer == nullptr) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", peer->nanoseconds / own->nanoseconds);
    return text;
}

std::string TableReporter::rate(const Row& row) const {
    const Time* own = time(row, Contender::octavo_int8);
    if (own == nullptr || row.macs == 0) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.0f", 2 * static_cast<double>(row.macs) / own->nanoseconds);
    return text;
}

void TableReporter::Finalize() {
    std::printf("| layer | N | Octavo int8, us | GOPS | oneDNN int8, us | x | oneDNN float, us | x |\n");
    std::printf("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (const Row& row : rows_) {
        bool ran = false;
        for (Contender contender : contenders) ran |= time(row, contender) != nullptr;
        if (!ran) continue;
        std::string line = "| " + row.name + " | " + std::to_string(row.batch) + " | " +
                           microseconds(row, Contender::octavo_int8) + " | " + rate(row);
        for (Contender peer : {Contender::onednn_int8, Contender::onednn_float}) {
            line += " | " + microseconds(row, peer) + " | " + ratio(row, peer);
        }
        std::printf("%s |\n", line.c_str());
    }
    std::printf(
        "\nMedians of the thread's CPU time over repetitions in random order; x: the peer's time over Octavo's; *: "
        "repetitions deviate by more "
        "than 10 %%.\n");
    for (const std::string& note : notes_) std::printf("- %s\n", note.c_str());
}

}  // namespace octavo::bench
