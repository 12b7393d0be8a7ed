#include "bench/race.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace octavo::bench {

namespace {

// Another library's threads may wait for work for some milliseconds after its last call, on the CPU that this one's want.
constexpr std::chrono::milliseconds others_rest{5};

void measure(benchmark::State& state, int threads, const std::function<void()>& run) {
    if (threads > 1) std::this_thread::sleep_for(others_rest);
    try {
        run();
        for (auto _ : state) run();
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

class Medians : public benchmark::BenchmarkReporter {
public:
    Medians(bool real_time, std::vector<std::string>* notes) : real_time_(real_time), notes_(notes) {}
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            const auto contender = static_cast<Contender>(std::stoi(run.run_name.function_name));
            if (run.error_occurred) notes_->push_back(run.error_message);
            if (run.run_type != Run::RT_Aggregate) continue;
            if (run.aggregate_name == "median")
                times[contender].nanoseconds = real_time_ ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
            if (run.aggregate_name == "cv")
                times[contender].deviation = real_time_ ? run.real_accumulated_time : run.cpu_accumulated_time;
        }
    }

    Times times;

private:
    bool real_time_;
    std::vector<std::string>* notes_;
};

}  // namespace

void prepare_races(const Options& options) {
    std::vector<std::string> words = {"octavo_bench", "--benchmark_enable_random_interleaving=true",
                                      "--benchmark_repetitions=" + std::to_string(std::max(options.repetitions, 2)),
                                      "--benchmark_min_time=" + std::to_string(options.min_time)};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
}

Times Race::run(std::vector<std::string>* notes) {
    benchmark::ClearRegisteredBenchmarks();
    for (const Entry& entry : contenders_) {
        auto* registered = benchmark::RegisterBenchmark(
            std::to_string(static_cast<int>(entry.contender)).c_str(),
            [this, &entry](benchmark::State& state) { measure(state, threads_, entry.run); });
        if (threads_ > 1) registered->UseRealTime();
    }
    Medians medians(threads_ > 1, notes);
    benchmark::RunSpecifiedBenchmarks(&medians, "all");
    return medians.times;
}

}  // namespace octavo::bench
