#include "bench/race.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace octavo::bench {

namespace {

// Another library's threads wait awake for more work after its last call, on the CPU that this one's want: those of OpenMP here for
// 300,000 turns, some 6 ms.
constexpr std::chrono::milliseconds others_rest{20};

void measure(benchmark::State& state, int threads, const std::function<void()>& run) {
    if (threads > 1) std::this_thread::sleep_for(others_rest);
    try {
        run();
        for (auto _ : state) run();
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

void measure_timed(benchmark::State& state, int threads, int64_t batch, const std::function<double(int64_t)>& seconds) {
    if (threads > 1) std::this_thread::sleep_for(others_rest);
    try {
        while (state.KeepRunningBatch(batch)) state.SetIterationTime(seconds(batch));
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
            // What a contender measured itself is in the place of the real time.
            const bool real = real_time_ || contender == Contender::fbgemm;
            if (run.aggregate_name == "median")
                times[contender].nanoseconds = real ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
            if (run.aggregate_name == "cv")
                times[contender].deviation = real ? run.real_accumulated_time : run.cpu_accumulated_time;
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

void Race::add_timed(Contender contender, std::function<double(int64_t)> seconds) {
    const double once = seconds(10) / 10;
    const auto batch = static_cast<int64_t>(std::clamp(1e-3 / std::max(once, 1e-9), 1.0, 1000.0));
    contenders_.push_back({contender, nullptr, std::move(seconds), batch});
}

Times Race::run(std::vector<std::string>* notes) {
    benchmark::ClearRegisteredBenchmarks();
    for (const Entry& entry : contenders_) {
        const auto body = [this, &entry](benchmark::State& state) {
            entry.run ? measure(state, threads_, entry.run)
                      : measure_timed(state, threads_, entry.batch, entry.seconds);
        };
        auto* registered =
            benchmark::RegisterBenchmark(std::to_string(static_cast<int>(entry.contender)).c_str(), body);
        if (!entry.run) {
            registered->UseManualTime();
        } else if (threads_ > 1) {
            registered->UseRealTime();
        }
    }
    Medians medians(threads_ > 1, notes);
    benchmark::RunSpecifiedBenchmarks(&medians, "all");
    return medians.times;
}

}  // namespace octavo::bench
