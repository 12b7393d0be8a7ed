// The native benchmark suite; options.cpp says what it takes.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>

#include "bench/chart.h"
#include "bench/json.h"
#include "bench/nets.h"
#include "bench/octavo_layer.h"
#include "bench/options.h"
#include "bench/peak.h"
#include "bench/pin.h"
#include "bench/race.h"
#include "bench/suite.h"
#include "bench/table.h"
#include "octavo/octavo_onednn.h"

namespace {

using namespace octavo::bench;

// Each library reads its variable once, when first used.
void cap_isa(const std::string& isa) {
    if (isa.empty()) return;
    struct Names {
        const char *octavo, *onednn, *fbgemm;
    };
    constexpr Names all[] = {{"scalar", "SSE41", "AVX2"},
                             {"avx2", "AVX2", "AVX2"},
                             {"avx512", "AVX512_CORE", "AVX512"},
                             {"vnni", "AVX512_CORE_VNNI", "AVX512_E1"},
                             {"vbmi", "AVX512_CORE_VNNI", "AVX512_E1"}};
    for (const Names& names : all) {
        if (isa != names.octavo) continue;
        setenv("OCTAVO_ISA", names.octavo, 1);
        setenv("ONEDNN_MAX_CPU_ISA", names.onednn, 1);
        setenv("FBGEMM_ENABLE_INSTRUCTIONS", names.fbgemm, 1);
    }
}

Report start_report() {
    const char* isa = nullptr;
    check(octavo_isa_active(&isa));
    const dnnl_version_t* onednn = dnnl_version();
    Report report;
    report.cpu = octavo_cpu_name();
    report.isa = isa;
    report.versions = std::string("Octavo ") + octavo_version() + ", oneDNN " + std::to_string(onednn->major) + "." +
                      std::to_string(onednn->minor) + "." + std::to_string(onednn->patch);
    return report;
}

// Before the work, which takes minutes.
void require_writable(const std::string& option, const std::string& file) {
    if (!file.empty() && !std::ofstream(file, std::ios::app))
        throw std::invalid_argument(option + " " + file + ": cannot be written");
}

void run_suite(const Options& options) {
    require_writable("--json", options.json);
    require_writable("--chart", options.chart);
    Report report = start_report();
    std::vector<int> threads = options.threads;
    if (threads.empty()) threads = allowed_cpus() > 1 ? std::vector<int>{1, 2} : std::vector<int>{1};
    limit_to(1);
    const Peak peak(report.isa);
    report.peak = peak.gops();
    Suite suite(options, peak, &report);
    for (int count : threads) suite.run(count);
    print_tables(report);
    if (!options.json.empty()) write_json(report, options.json);
    if (!options.chart.empty()) write_chart(report, options.chart);
}

void run_nets(const Options& options) {
    check(octavo_onednn_register());
    const Report report = start_report();
    std::printf("%s, kernels %s, %s\n", report.cpu.c_str(), report.isa.c_str(), report.versions.c_str());
    limit_to(1);
    std::vector<std::string> notes;
    print_nets(options.code_max(), &notes);
    for (const std::string& note : notes) std::printf("- %s\n", note.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse_options(argc, argv);
        if (options.help) {
            std::fputs(usage, stdout);
            return 0;
        }
        for (int threads : options.threads) {
            if (threads > allowed_cpus())
                throw std::invalid_argument("--threads " + std::to_string(threads) + ": the process has " +
                                            std::to_string(allowed_cpus()) + " CPU");
        }
        cap_isa(options.isa);
        prepare_races(options);
        options.nets ? run_nets(options) : run_suite(options);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "octavo_bench: %s\n", error.what());
        return 1;
    }
}
