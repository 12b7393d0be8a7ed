// Random shapes of every operator with integers through the C interface, on every instruction set of this machine, against
// scalar, bit for bit, between guard pages. A few thousand of them here; scripts/sweep runs as many as it is asked for.
// Environment: OCTAVO_SWEEP_SHAPES (default 5000), and those of support/sweep.h.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/sweep_case.h"

namespace octavo::test {
namespace {

struct PlanDeleter {
    void operator()(octavo_plan* plan) const { octavo_plan_destroy(plan); }
};
using Plan = std::unique_ptr<octavo_plan, PlanDeleter>;

// Null, with a failure noted, where the library refuses.
Plan build(const SweepCase& c, Isa isa, int threads) {
    octavo_builder* builder = nullptr;
    octavo_status status = octavo_builder_create(&builder);
    for (const Value& v : c.values) {
        int32_t number = -1;
        const ValueSpec desc = described_value(v);
        if (status == OCTAVO_OK) status = add_value(builder, desc, &number);
    }
    for (const OpSpec& op : c.ops) {
        if (status == OCTAVO_OK) status = add_op(builder, op);
    }
    octavo_plan* plan = nullptr;
    Options options = {};
    options.isa = isa_name(isa);
    options.threads = threads;
    if (status == OCTAVO_OK) status = octavo_builder_build(builder, &options, &plan);
    if (status != OCTAVO_OK) ADD_FAILURE() << c.text() << ": " << octavo_last_error();
    octavo_builder_destroy(builder);
    return Plan(plan);
}

std::string kernel_of(octavo_plan* plan) {
    auto info = sized<octavo_step_info>();
    return octavo_plan_step(plan, 0, &info) == OCTAVO_OK ? info.kernel : "?";
}

// Floats that are not numbers have no other bits to agree on than that.
void forget_payloads(std::vector<uint8_t>& bytes) {
    for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
        float value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        if (!std::isnan(value)) continue;
        value = NAN;
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }
}

std::vector<uint8_t> results(octavo_plan* plan, const SweepCase& c, Guard guard) {
    std::vector<GuardedBuffer<uint8_t>> inputs;
    std::vector<const void*> pointers;
    for (const std::vector<uint8_t>& bytes : c.inputs) {
        inputs.emplace_back(bytes, guard);
        pointers.push_back(inputs.back().data());
    }
    GuardedBuffer<uint8_t> y(static_cast<size_t>(octavo_plan_output_bytes(plan, 0, c.batch)), guard);
    y.fill(0xA5);
    void* outputs[] = {y.data()};
    EXPECT_EQ(run_plan(plan, c.batch, pointers.data(), outputs), OCTAVO_OK) << octavo_last_error();
    std::vector<uint8_t> bytes = y.copy();
    if (c.kind == "weight_only") forget_payloads(bytes);
    return bytes;
}

// A touched guard page ends the process: the handler says first which case it was.
char running[256];

void report_crash(int signal) {
    const char text[] = "\nA guard page was touched, or worse. ";
    const bool written = write(STDERR_FILENO, text, sizeof text - 1) > 0 &&
                         write(STDERR_FILENO, running, strlen(running)) > 0 && write(STDERR_FILENO, "\n", 1) > 0;
    ::signal(signal, SIG_DFL);
    raise(written ? signal : SIGABRT);
}

class Progress {
public:
    explicit Progress(int64_t shapes) : shapes_(shapes) {}
    void step(const std::string& kind) {
        counts_[kind]++;
        done_++;
        if (shapes_ < 10000 || done_ % (shapes_ / 50) != 0) return;
        std::fprintf(stderr, "%lld shapes, %.0f s\n", static_cast<long long>(done_), seconds());
    }
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
    ~Progress() {
        std::printf("[ shapes   ] %lld in %.0f s:", static_cast<long long>(done_), seconds());
        for (const auto& [kind, count] : counts_) std::printf(" %s %lld", kind.c_str(), static_cast<long long>(count));
        std::printf("\n");
    }

private:
    int64_t shapes_, done_ = 0;
    std::map<std::string, int64_t> counts_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST(Sweep, EveryOperatorEqualsScalar) {
    const char* wanted = std::getenv("OCTAVO_SWEEP_SHAPES");
    const int shapes = wanted != nullptr && *wanted != 0 ? std::atoi(wanted) : 5000;
    ASSERT_GT(shapes, 0) << "OCTAVO_SWEEP_SHAPES";
    Coverage coverage("sweep");
    Distrust distrust;
    Progress progress(shapes);
    const auto before = signal(SIGSEGV, report_crash);
    int64_t number = -1;
    Sweep(shapes).run([&](Random& random) {
        number++;
        SweepCase c;
        // Every number of the sweep is a shape: what makes none is drawn again.
        while (!random_case(random, c)) c = SweepCase();
        std::snprintf(running, sizeof running, "Shape %lld from the sweep's beginning: %s",
                      static_cast<long long>(number), c.text().c_str());
        const Plan scalar = build(c, Isa::scalar, 1);
        if (scalar == nullptr) return true;
        const std::vector<uint8_t> expected = results(scalar.get(), c, Guard::after);
        if (!c.extreme && c.kind != "pool" && c.kind != "elementwise") distrust.saw(expected);
        coverage.ran(Isa::scalar);
        for (Isa isa : available_isas()) {
            if (isa == Isa::scalar) continue;
            const int threads = static_cast<int>(random.integer(1, 3));
            const Plan plan = build(c, isa, threads);
            if (plan == nullptr) return true;
            for (const Guard guard : {Guard::after, Guard::before}) {
                EXPECT_TRUE(same_bits(results(plan.get(), c, guard), expected))
                    << kernel_of(plan.get()) << " threads " << threads << " " << c.text();
            }
            coverage.ran(isa);
        }
        progress.step(c.kind);
        return true;
    });
    signal(SIGSEGV, before);
    EXPECT_TRUE(distrust.trust());
}

}  // namespace
}  // namespace octavo::test
