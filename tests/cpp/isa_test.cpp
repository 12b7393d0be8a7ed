// Instruction sets: what is detected, what OCTAVO_ISA allows, and the process's CPU limit.
#include "cpu/isa.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/status.h"
#include "cpu/limit.h"
#include "octavo/octavo.h"
#include "support/network.h"
#include "support/values.h"

namespace octavo::test {
namespace {

std::string this_program() {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<size_t>(length)) : "";
}

// What IsaChild.Report prints in a process whose OCTAVO_ISA is `cap`.
std::string report_under(const std::string& cap) {
    const std::string command = "OCTAVO_ISA='" + cap + "' '" + this_program() +
                                "' --gtest_also_run_disabled_tests --gtest_filter=IsaChild.DISABLED_Report";
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return "";
    std::string output;
    char line[512];
    while (std::fgets(line, sizeof line, pipe) != nullptr)
        if (std::string(line).rfind("report: ", 0) == 0) output += std::string(line).substr(8);
    pclose(pipe);
    return output;
}

std::string add_kernel(Isa isa) {
    const Value x = activation(OCTAVO_U8, {1, 8}, 0.1f, 3);
    return create_op(operator_desc(OCTAVO_OP_ADD, {&x, &x}, x, isa))->kernel();
}

// Run by the tests below, each in a process of its own.
TEST(IsaChild, DISABLED_Report) {
    const char* active = nullptr;
    const octavo_status status = octavo_isa_active(&active);
    if (status == OCTAVO_OK)
        std::printf("report: active %s, %s\n", active, add_kernel(active_isa()).c_str());
    else
        std::printf("report: status %d: %s\n", status, octavo_last_error());
    float x = 1, low, high;
    int64_t nan, inf;
    std::printf("report: min_max %d\n", octavo_min_max(&x, 1, 1, 1, &low, &high, &nan, &inf));
    int in_use = 0;
    for (int i = 0; i < octavo_isa_count(); i++) {
        int32_t is_active = 0;
        EXPECT_EQ(octavo_isa_info(i, nullptr, nullptr, nullptr, &is_active), OCTAVO_OK);
        in_use += is_active;
    }
    std::printf("report: in use %d\n", in_use);
    // A plan's own cap is beside that of the environment.
    for (Isa isa : available_isas()) {
        Network network;
        const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, 64}, 0.1f, 3);
        const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, 64}, 0.2f, 3);
        network.op(
            describe_op(OCTAVO_OP_LINEAR, {x, network.weights(std::vector<int8_t>(4096, 1), {64, 64}, {0.1f})}, {y}));
        Options options;
        options.isa = isa_name(isa);
        octavo_plan* plan = nullptr;
        if (octavo_builder_build(network.handle(), &options, &plan) != OCTAVO_OK) continue;
        const PlanHandle built(plan);
        std::printf("report: plan under %s is of %s, runs %s\n", isa_name(isa), octavo_plan_isa(plan),
                    step(built, 0).kernel);
    }
}

TEST(Isa, EachAvailableNameIsACap) {
    int ran = 0;
    for (Isa isa : available_isas()) {
        const std::string name = isa_name(isa), report = report_under(name);
        EXPECT_NE(report.find("active " + name + ", add_u8_"), std::string::npos) << report;
        EXPECT_NE(report.find("min_max 0\nin use 1\n"), std::string::npos) << report;
        for (Isa asked : available_isas()) {
            const size_t at = report.find(std::string("plan under ") + isa_name(asked) + " is of " +
                                          isa_name(best_under(isa, asked)) + ", runs ");
            ASSERT_NE(at, std::string::npos) << report;
            const std::string kernel = report.substr(at, report.find('\n', at) - at);
            for (int i = 0; i < isa_count; i++) {
                const Isa other = static_cast<Isa>(i);
                if (kernel.find(std::string("_") + isa_name(other)) == std::string::npos) continue;
                EXPECT_TRUE(allows(isa, other) && allows(asked, other)) << name << ": " << kernel;
            }
        }
        ran++;
    }
    EXPECT_GE(ran, 1);
}

TEST(Isa, NoCapAndAnEmptyOneTakeTheBest) {
    const std::string best = isa_name(available_isas().back());
    EXPECT_NE(report_under("").find("active " + best + ","), std::string::npos);
}

TEST(Isa, AnUnknownNameFailsEveryCallAndListsWhatThereIs) {
    for (const char* name : {"avx1024", "AVX2", "avx2 ", "7", "scalar,avx2"}) {
        const std::string report = report_under(name);
        EXPECT_NE(report.find("status 6: "), std::string::npos) << report;
        EXPECT_NE(report.find(std::string("\"") + name + "\""), std::string::npos) << report;
        EXPECT_NE(report.find("OCTAVO_ISA"), std::string::npos) << report;
        EXPECT_NE(report.find("min_max 6\nin use 0\n"), std::string::npos) << report;
        for (Isa isa : available_isas()) EXPECT_NE(report.find(isa_name(isa)), std::string::npos) << report;
    }
}

TEST(Isa, NamesAndOrder) {
    EXPECT_EQ(octavo_isa_count(), isa_count);
    const char* const expected[] = {"scalar", "avx2", "avx512", "vnni", "vbmi"};
    for (int i = 0; i < isa_count; i++) {
        const char *name = nullptr, *description = nullptr;
        int32_t supported = -1, active = -1;
        ASSERT_EQ(octavo_isa_info(i, &name, &description, &supported, &active), OCTAVO_OK);
        EXPECT_STREQ(name, expected[i]);
        EXPECT_GT(std::string(description).size(), 5u);
        EXPECT_EQ(supported != 0, isa_supported(static_cast<Isa>(i)));
        for (int j = 0; j < isa_count; j++) {
            const Isa less = static_cast<Isa>(j);
            EXPECT_TRUE(!supported || !allows(static_cast<Isa>(i), less) || isa_supported(less)) << name;
        }
    }
    EXPECT_TRUE(isa_supported(Isa::scalar));
    EXPECT_EQ(octavo_isa_info(-1, nullptr, nullptr, nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_isa_info(isa_count, nullptr, nullptr, nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_isa_active(nullptr), OCTAVO_INVALID_ARGUMENT);
}

TEST(Isa, TwoCapsAllowWhatBothHave) {
    for (int i = 0; i < isa_count; i++)
        for (int j = 0; j < isa_count; j++) {
            const Isa a = static_cast<Isa>(i), b = static_cast<Isa>(j), both = best_under(a, b);
            EXPECT_EQ(both, best_under(b, a));
            EXPECT_TRUE(allows(a, both) && allows(b, both));
            EXPECT_EQ(isa_features(both), isa_features(a) & isa_features(b));
        }
}

TEST(Isa, AnUnavailableNameIsAnError) {
    int absent = 0;
    for (int i = 0; i < isa_count; i++) {
        const Isa isa = static_cast<Isa>(i);
        if (isa_supported(isa)) {
            EXPECT_EQ(isa_by_name(isa_name(isa)), isa);
            continue;
        }
        absent++;
        try {
            isa_by_name(isa_name(isa));
            ADD_FAILURE() << isa_name(isa);
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), OCTAVO_UNKNOWN_ISA);
        }
    }
    if (absent == 0) GTEST_SKIP() << "this CPU has every instruction set";
}

TEST(Isa, CpuAndCaches) {
    EXPECT_GT(std::string(octavo_cpu_name()).size(), 0u);
    EXPECT_GE(cache_bytes(1), size_t{8} << 10);
    EXPECT_GE(cache_bytes(2), cache_bytes(1));
    EXPECT_GT(cache_bytes(3), 0u);
}

// Files of a control group in a folder of the test's own.
class Groups {
public:
    Groups() {
        char name[] = "/tmp/octavo-groups-XXXXXX";
        root_ = mkdtemp(name);
    }
    ~Groups() {
        const std::string command = "rm -r '" + root_ + "'";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }
    void write(const std::string& folder, const std::string& file, const std::string& text) {
        const std::string command = "mkdir -p '" + root_ + folder + "'";
        ASSERT_EQ(std::system(command.c_str()), 0);
        std::ofstream(root_ + folder + "/" + file) << text;
    }
    double limit() const { return cgroup_cpu_quota(root_ + "/membership", root_); }

private:
    std::string root_;
};

TEST(CpuLimit, Version2TakesTheLeastOfAllAncestors) {
    Groups groups;
    groups.write("", "membership", "0::/a/b\n");
    EXPECT_EQ(groups.limit(), 0);
    groups.write("/a/b", "cpu.max", "max 100000\n");
    EXPECT_EQ(groups.limit(), 0);
    groups.write("/a", "cpu.max", "250000 100000\n");
    EXPECT_EQ(groups.limit(), 2.5);
    groups.write("", "cpu.max", "50000 100000\n");
    EXPECT_EQ(groups.limit(), 0.5);
}

TEST(CpuLimit, Version1) {
    Groups groups;
    groups.write("", "membership", "5:memory:/x\n4:cpu,cpuacct:/job\n1:cpuset:/x\n");
    groups.write("/cpu/job", "cpu.cfs_quota_us", "-1\n");
    groups.write("/cpu/job", "cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(groups.limit(), 0);
    groups.write("/cpu/job", "cpu.cfs_quota_us", "400000\n");
    EXPECT_EQ(groups.limit(), 4);
    groups.write("/cpu", "cpu.cfs_quota_us", "150000\n");
    groups.write("/cpu", "cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(groups.limit(), 1.5);
}

TEST(CpuLimit, NonsenseIsNoLimit) {
    Groups groups;
    EXPECT_EQ(groups.limit(), 0);
    groups.write("", "membership", "nonsense\n::\n0::\n");
    groups.write("", "cpu.max", "many\n");
    EXPECT_EQ(groups.limit(), 0);
    EXPECT_GE(cpu_limit(), 1);
}

}  // namespace
}  // namespace octavo::test
