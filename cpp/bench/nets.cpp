#include "bench/nets.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "bench/describer.h"
#include "bench/race.h"

namespace octavo::bench {

namespace {

struct Entrant {
    Contender contender;
    const char* name;
};
constexpr Entrant entrants[] = {{Contender::octavo, "Octavo int8"},
                                {Contender::onednn_int8, "oneDNN int8"},
                                {Contender::onednn_float, "oneDNN float"}};

// The network of the README.
void demo(Describer* network, const Edge& image) {
    const Window pool{2, 2};
    Edge x = network->quantize(image);
    x = network->max_pool(network->conv(x, 6, {5, 1, 2}, true), pool);
    x = network->max_pool(network->conv(x, 16, {5}, true), pool);
    x = network->linear(network->flatten(x), 120, true);
    x = network->linear(x, 84, true);
    network->logits(x, 10);
}

// Three stages of three blocks, 16, 32 and 64 channels; a block adds its input, or a 1x1 convolution of it where the shape
// changes, to its second convolution.
void resnet20(Describer* network, const Edge& image) {
    Edge x = network->conv(network->quantize(image), 16, {3, 1, 1}, true);
    for (int stage = 0; stage < 3; ++stage) {
        for (int block = 0; block < 3; ++block) {
            const int64_t channels = 16 << stage;
            const int stride = stage > 0 && block == 0 ? 2 : 1;
            const Edge shortcut = stride == 2 ? network->conv(x, channels, {1, 2, 0}, false) : x;
            const Edge inside = network->conv(x, channels, {3, stride, 1}, true);
            x = network->conv(inside, channels, {3, 1, 1}, true, &shortcut);
        }
    }
    network->logits(network->flatten(network->global_average(x)), 10);
}

using Net = void (*)(Describer*, const Edge&);

std::unique_ptr<PlanWorkload> make(Net net, Contender contender, int code_max, bool profile) {
    std::vector<Bytes> inputs;
    const auto describe = [&](octavo_builder* builder) {
        Describer network(builder, contender, code_max);
        net(&network, network.image({1, 3, 32, 32}));
        inputs.push_back(network.pixels());
    };
    octavo_plan* plan = describe_plan(describe, 1, profile);
    return std::make_unique<PlanWorkload>(plan, 1, std::move(inputs));
}

std::vector<octavo_step_info> steps(const octavo_plan* plan) {
    std::vector<octavo_step_info> all;
    for (int32_t i = 0; i < octavo_plan_step_count(plan); ++i) {
        octavo_step_info info{};
        info.size = sizeof info;
        check(octavo_plan_step(plan, i, &info));
        if (info.nanoseconds > 0) all.push_back(info);
    }
    return all;
}

void print_steps(Net net, const Entrant& entrant, int code_max) {
    const std::unique_ptr<PlanWorkload> profiled = make(net, entrant.contender, code_max, true);
    for (int i = 0; i < 1000; ++i) profiled->run();
    const std::vector<octavo_step_info> all = steps(profiled->plan());
    double sum = 0;
    for (const octavo_step_info& step : all) sum += static_cast<double>(step.nanoseconds);
    std::printf("\n| step of %s | also does | kernel | us | share |\n|---|---|---|--:|--:|\n", entrant.name);
    for (const octavo_step_info& step : all) {
        const auto time = static_cast<double>(step.nanoseconds);
        std::printf("| %s | %s | %s | %.2f | %.1f %% |\n", step.name, step.fused, step.kernel, time / 1000,
                    100 * time / sum);
    }
    std::printf("| all | | | %.2f | |\n", sum / 1000);
}

void print_net(const char* name, Net net, int code_max, std::vector<std::string>* notes) {
    std::vector<std::unique_ptr<PlanWorkload>> workloads;
    std::vector<Entrant> ready;
    Race race(1);
    for (const Entrant& entrant : entrants) {
        try {
            workloads.push_back(make(net, entrant.contender, code_max, false));
            race.add(entrant.contender, [workload = workloads.back().get()] { workload->run(); });
            ready.push_back(entrant);
        } catch (const std::exception& error) {
            notes->push_back(std::string(name) + ", " + entrant.name + ": " + error.what());
        }
    }
    const Times times = race.run(notes);
    // Who failed has no time: a note says why.
    const auto failed = [&](const Entrant& entrant) { return times.count(entrant.contender) == 0; };
    ready.erase(std::remove_if(ready.begin(), ready.end(), failed), ready.end());
    if (times.count(Contender::octavo) == 0) return;
    std::printf("\n## %s\n\n| | us | x |\n|---|--:|--:|\n", name);
    for (const Entrant& entrant : ready) {
        const double time = times.at(entrant.contender).nanoseconds;
        std::printf("| %s | %.2f | %.2f |\n", entrant.name, time / 1000,
                    time / times.at(Contender::octavo).nanoseconds);
    }
    for (const Entrant& entrant : ready) print_steps(net, entrant, code_max);
}

}  // namespace

void print_nets(int code_max, std::vector<std::string>* notes) {
    std::printf(
        "One image, one thread, f32 NCHW to f32 logits; medians of CPU time; x: the time over Octavo's. The peer's "
        "convolutions and "
        "linear layers run as steps of Octavo's plan, the rest is Octavo's. Steps are timed in other runs, whose clock "
        "adds some "
        "20 ns to each.\n");
    print_net("demo network", demo, code_max, notes);
    print_net("ResNet-20", resnet20, code_max, notes);
}

}  // namespace octavo::bench
