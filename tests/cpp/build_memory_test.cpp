// What building a plan takes beside what the plan keeps: every allocation of the process is counted.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "cpu/isa.h"
#include "support/network.h"
#include "support/sweep.h"

namespace {

std::atomic<int64_t> live{0}, most{0};

void* counted(void* memory) {
    const int64_t now = live += static_cast<int64_t>(malloc_usable_size(memory));
    int64_t before = most;
    while (now > before && !most.compare_exchange_weak(before, now)) {
    }
    return memory;
}

}  // namespace

// The linker gives these for the library's and the test's calls (--wrap).
extern "C" {
void* __real_malloc(size_t bytes);
int __real_posix_memalign(void** memory, size_t alignment, size_t bytes);
void __real_free(void* memory);

void* __wrap_malloc(size_t bytes) { return counted(__real_malloc(bytes)); }
int __wrap_posix_memalign(void** memory, size_t alignment, size_t bytes) {
    const int status = __real_posix_memalign(memory, alignment, bytes);
    if (status == 0) counted(*memory);
    return status;
}
void __wrap_free(void* memory) {
    live -= static_cast<int64_t>(malloc_usable_size(memory));
    __real_free(memory);
}
}

void* operator new(size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace octavo::test {
namespace {

struct Layer {
    int64_t inputs, outputs, kernel;  // kernel 0: a linear layer
    int64_t weights() const { return inputs * outputs * std::max<int64_t>(kernel * kernel, 1); }
};

constexpr int64_t side = 14;

int32_t activation(Network& network, octavo_role role, int64_t channels, bool linear, const float* scale) {
    ValueSpec desc = linear ? describe(OCTAVO_U8, role, {1, channels})
                            : describe(OCTAVO_U8, role, {1, channels, side, side}, true, OCTAVO_NHWC);
    desc.param_count = 1;
    desc.scales = scale;
    return network.value(desc);
}

void add(Network& network, const Layer& layer, const std::vector<int8_t>& weights) {
    const bool linear = layer.kernel == 0;
    const float scale = 0.02f;
    const std::vector<float> scales(static_cast<size_t>(layer.outputs), 0.01f);
    ValueSpec w =
        linear ? describe(OCTAVO_S8, OCTAVO_CONSTANT, {layer.outputs, layer.inputs}, false)
               : describe(OCTAVO_S8, OCTAVO_CONSTANT, {layer.outputs, layer.inputs, layer.kernel, layer.kernel}, false);
    w.axis = 0;
    w.param_count = layer.outputs;
    w.scales = scales.data();
    w.data = weights.data();
    const int32_t x = activation(network, OCTAVO_INPUT, layer.inputs, linear, &scale);
    OpSpec op = describe_op(linear ? OCTAVO_OP_LINEAR : OCTAVO_OP_CONV2D, {x, network.value(w)},
                            {activation(network, OCTAVO_OUTPUT, layer.outputs, linear, &scale)});
    for (int i = 0; i < 2 && !linear; i++) op.kernel[i] = static_cast<int32_t>(layer.kernel);
    for (int i = 0; i < 4 && !linear; i++) op.pad[i] = static_cast<int32_t>(layer.kernel / 2);
    network.op(op);
}

// Beside the description's copy of the weights and what the plan keeps of them: one layer in the order of packing, and panels
// that two threads are packing, which are more the more both come to do.
void expect_little_more_than_the_weights(const std::vector<Layer>& layers) {
    Random random(3);
    std::vector<std::vector<int8_t>> weights;
    int64_t all = 0, reordered = 0;
    for (const Layer& layer : layers) {
        weights.push_back(random.codes<int8_t>(static_cast<size_t>(layer.weights()), -128, 127, false));
        all += layer.weights();
        if (layer.kernel > 1) reordered = std::max(reordered, layer.weights());
    }
    for (Isa isa : available_isas()) {
        const int64_t before = live;
        most = before;
        Network network;
        for (size_t i = 0; i < layers.size(); i++) add(network, layers[i], weights[i]);
        Options options;
        options.threads = 2;
        options.isa = isa_name(isa);
        const PlanHandle plan = network.build(options);
        const int64_t peak = most - before;
        auto memory = sized<octavo_plan_memory>();
        ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
        EXPECT_LE(peak, all + memory.weight_bytes + reordered + all)
            << isa_name(isa) << ": " << static_cast<double>(peak) / static_cast<double>(all) << " times the weights";
        EXPECT_GE(peak, memory.weight_bytes) << "allocations were not counted";
    }
}

TEST(BuildMemory, OfALinearLayer) { expect_little_more_than_the_weights({{1536, 2048, 0}}); }

TEST(BuildMemory, OfConvolutions) {
    expect_little_more_than_the_weights({{256, 512, 1}, {512, 256, 1}, {96, 160, 5}, {512, 512, 3}});
}

}  // namespace
}  // namespace octavo::test
