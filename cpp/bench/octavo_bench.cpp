// Layers of the demo network and of ResNet-20: Octavo's int8 kernels against oneDNN's int8 and float, in one process, one thread.
// The repetitions of all contenders run in random order, so that a slow moment of the machine meets them alike.
//   octavo_bench [--benchmark_filter=REGEX] [other options of Google Benchmark]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>

#include "bench/table.h"
#ifdef OCTAVO_ONEDNN
#include "octavo/octavo_onednn.h"
#endif

namespace {

using namespace octavo::bench;

// The benchmark computes the right answer: the integer contenders agree within the one step that oneDNN's order of rounding
// allows. Returns the number of elements further apart.
int64_t disagreements(const Layer& a, const Layer& b) {
    int64_t count = 0;
    for (size_t i = 0; i < a.output().size(); ++i) {
        const int difference = static_cast<int>(a.output()[i]) - static_cast<int>(b.output()[i]);
        count += std::abs(difference) > 1;
    }
    return count;
}

void measure(benchmark::State& state, Layer* layer) {
    try {
        for (auto _ : state) layer->run();
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        std::vector<std::string> words = {argv[0], "--benchmark_enable_random_interleaving=true",
                                          "--benchmark_repetitions=11", "--benchmark_min_time=0.02"};
        words.insert(words.end(), argv + 1, argv + argc);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        int count = static_cast<int>(arguments.size());
        benchmark::Initialize(&count, arguments.data());
        if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
#ifdef OCTAVO_ONEDNN
        if (octavo_onednn_register() != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
#endif
        std::vector<Shape> shapes = read_shapes("demo");
        for (const Shape& shape : read_shapes("resnet20")) shapes.push_back(shape);
        TableReporter table(shapes);
        std::vector<std::unique_ptr<Layer>> layers;
        for (const Shape& shape : shapes) {
            const Layer* integers = nullptr;
            for (Contender contender : contenders) {
                const std::string name = shape.name + "/" + contender_name(contender);
                try {
                    auto layer = std::make_unique<Layer>(shape, contender);
                    layer->run();
                    if (contender == Contender::octavo_int8) integers = layer.get();
                    if (contender == Contender::onednn_int8 && integers != nullptr) {
                        const int64_t wrong = disagreements(*integers, *layer);
                        if (wrong > 0)
                            table.note(name + ": " + std::to_string(wrong) + " results differ by more than 1");
                    }
                    benchmark::RegisterBenchmark(name.c_str(), measure, layer.get())->UseRealTime();
                    layers.push_back(std::move(layer));
                } catch (const std::runtime_error& error) {
                    table.note(name + ": " + error.what());
                }
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
