// The demo network and ResNet-20, layer by layer and whole: Octavo's int8 kernels against oneDNN's int8 and float, in one process,
// one thread. The repetitions of all contenders run in random order, so that a slow moment of the machine meets them alike.
//   octavo_bench [--shapes=ORIGIN]... [--benchmark_filter=REGEX] [other options of Google Benchmark]
// ORIGIN: files tests/shapes/ORIGIN_*.txt, such as resnet50; without the option demo and resnet20, with the whole networks.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>

#include "bench/table.h"
#include "bench/workload.h"
#ifdef OCTAVO_ONEDNN
#include "octavo/octavo_onednn.h"
#endif

namespace {

using namespace octavo::bench;

// The benchmark computes the right answer: the integer contenders agree within the one step that oneDNN's order of rounding
// allows. Returns how many codes are further apart.
int64_t disagreements(const Workload& a, const Workload& b) {
    int64_t count = 0;
    for (size_t i = 0; i < a.output().size(); ++i) {
        const int difference = static_cast<int>(a.output()[i]) - static_cast<int>(b.output()[i]);
        count += std::abs(difference) > 1;
    }
    return count;
}

void measure(benchmark::State& state, Workload* workload) {
    try {
        for (auto _ : state) workload->run();
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

class Suite {
public:
    explicit Suite(TableReporter* table) : table_(*table) {}

    // codes: the outputs are codes, which integer contenders must agree on. (A whole network's logits come of many roundings.)
    void add(const std::string& name, int64_t batch, bool codes,
             const std::function<std::unique_ptr<Workload>(Contender)>& make) {
        Row row{name, batch};
        const Workload* own = nullptr;
        for (Contender contender : contenders) {
            const std::string full = name + "/" + contender_name(contender);
            try {
                std::unique_ptr<Workload> workload = make(contender);
                workload->run();
                if (contender == Contender::octavo_int8) {
                    own = workload.get();
                    row.macs = workload->macs();
                }
                if (codes && own != nullptr && contender == Contender::onednn_int8) {
                    const int64_t wrong = disagreements(*own, *workload);
                    if (wrong > 0) table_.note(full + ": " + std::to_string(wrong) + " results differ by more than 1");
                }
                benchmark::RegisterBenchmark(full.c_str(), measure, workload.get());
                workloads_.push_back(std::move(workload));
            } catch (const std::runtime_error& error) {
                table_.note(full + ": " + error.what());
            }
        }
        table_.add(row);
    }

private:
    TableReporter& table_;
    std::vector<std::unique_ptr<Workload>> workloads_;
};

}  // namespace

// Takes the --shapes options out of the words.
std::vector<std::string> take_origins(std::vector<std::string>* words) {
    const std::string option = "--shapes=";
    std::vector<std::string> origins, others;
    for (const std::string& word : *words) {
        const bool ours = word.compare(0, option.size(), option) == 0;
        (ours ? origins : others).push_back(ours ? word.substr(option.size()) : word);
    }
    *words = others;
    return origins;
}

void add_layers(Suite* suite, const std::string& origin) {
    for (const Shape& shape : read_shapes(origin)) {
        suite->add(shape.name, shape.batch, true, [&](Contender contender) { return make_layer(shape, contender); });
    }
}

void add_networks(Suite* suite, const std::string& network) {
    for (int64_t batch : {1, 128}) {
        suite->add(network + (batch == 1 ? "" : "_batch128"), batch, false,
                   [&](Contender contender) { return make_network(network, batch, contender); });
    }
}

int main(int argc, char** argv) {
    try {
        std::vector<std::string> words = {argv[0], "--benchmark_enable_random_interleaving=true",
                                          "--benchmark_repetitions=11", "--benchmark_min_time=0.02"};
        words.insert(words.end(), argv + 1, argv + argc);
        const std::vector<std::string> origins = take_origins(&words);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        int count = static_cast<int>(arguments.size());
        benchmark::Initialize(&count, arguments.data());
        if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
#ifdef OCTAVO_ONEDNN
        if (octavo_onednn_register() != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
#endif
        TableReporter table;
        Suite suite(&table);
        for (const std::string& origin : origins) add_layers(&suite, origin);
        if (origins.empty()) {
            for (const char* network : {"demo", "resnet20"}) {
                add_layers(&suite, network);
                add_networks(&suite, network);
            }
        }
        benchmark::RunSpecifiedBenchmarks(&table);
        benchmark::Shutdown();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "octavo_bench: %s\n", error.what());
        return 1;
    }
}
