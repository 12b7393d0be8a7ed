#include "cpu/limit.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cpu/isa.h"

namespace octavo {
namespace {

// Nothing where there is no such file.
std::string contents(const std::string& path) {
    std::string text;
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return text;
    char buffer[4096];
    for (size_t count; (count = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, count);
    std::fclose(file);
    return text;
}

// Quota over period in CPUs; 0: the file is absent or sets no limit.
double read_quota(const std::string& folder, bool version2) {
    // "max 100000" or "150000 100000"; two files in version 1.
    const std::string numbers =
        version2 ? contents(folder + "/cpu.max")
                 : contents(folder + "/cpu.cfs_quota_us") + " " + contents(folder + "/cpu.cfs_period_us");
    char* end = nullptr;
    const double quota = std::strtod(numbers.c_str(), &end), period = std::strtod(end, nullptr);
    return quota > 0 && period > 0 ? quota / period : 0;
}

// The least quota of a group and its ancestors: each of them binds.
double least_quota(const std::string& mount, std::string path, bool version2) {
    double least = 0;
    for (;;) {
        if (path == "/") path.clear();
        const double quota = read_quota(mount + path, version2);
        if (quota > 0 && (least == 0 || quota < least)) least = quota;
        if (path.empty()) return least;
        path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
}

// The affinity of a thread, 0 being the calling one.
class CpuMask {
public:
    explicit CpuMask(pid_t thread) {
        for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {  // the kernel refuses a mask that is too short
            mask_ = CPU_ALLOC(cpus);
            if (mask_ == nullptr) return;
            bytes_ = CPU_ALLOC_SIZE(cpus);
            CPU_ZERO_S(bytes_, mask_);
            if (sched_getaffinity(thread, bytes_, mask_) == 0 && count() > 0) return;
            CPU_FREE(mask_);
            mask_ = nullptr;
        }
    }
    CpuMask(const CpuMask&) = delete;
    CpuMask& operator=(const CpuMask&) = delete;
    ~CpuMask() {
        if (mask_ != nullptr) CPU_FREE(mask_);
    }

    bool known() const { return mask_ != nullptr; }
    int count() const { return CPU_COUNT_S(bytes_, mask_); }
    void take() const { sched_setaffinity(0, bytes_, mask_); }

private:
    cpu_set_t* mask_ = nullptr;
    size_t bytes_ = 0;
};

// The main thread's number is the process's. Where it has ended, the calling thread stands for it.
int affinity_cpus() {
    const CpuMask process(getpid());
    if (process.known()) return process.count();
    const CpuMask caller(0);
    return caller.known() ? caller.count() : 1;
}

double group_quota() { return cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup"); }

}  // namespace

double cgroup_cpu_quota(const std::string& membership, const std::string& root) {
    double least = 0;
    const std::string groups = contents(membership);
    for (size_t at = 0, end; at < groups.size(); at = end + 1) {
        end = std::min(groups.find('\n', at), groups.size());
        const std::string line = groups.substr(at, end - at);  // "0::/group" (version 2) or "4:cpu,cpuacct:/group"
        const size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
        double quota = 0;
        if (controllers.empty())
            quota = least_quota(root, path, true);
        else if (("," + controllers + ",").find(",cpu,") != std::string::npos)
            for (const std::string& mount : {root + "/cpu", root + "/" + controllers})
                if (quota == 0) quota = least_quota(mount, path, false);
        if (quota > 0 && (least == 0 || quota < least)) least = quota;
    }
    return least;
}

int cpu_limit() {
    const double quota = group_quota();
    const int affinity = affinity_cpus();
    return quota > 0 && quota < affinity ? static_cast<int>(std::ceil(quota)) : affinity;
}

bool quota_limits() {
    const double quota = group_quota();
    return quota > 0 && quota < affinity_cpus();
}

void take_process_affinity() noexcept {
    const CpuMask process(getpid());
    if (process.known()) process.take();
}

}  // namespace octavo
