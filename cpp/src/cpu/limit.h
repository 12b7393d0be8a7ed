// The CPUs of the process: what its control group and its affinity allow. Threads have affinities of their own, such as event
// loops that are pinned to a CPU; the process's is that of its main thread.
#ifndef OCTAVO_CPU_LIMIT_H
#define OCTAVO_CPU_LIMIT_H

#include <string>

namespace octavo {

// CPUs' worth of time that the process's control group may use; 0: no limit found. `membership` is the file that says which
// group the process is in (/proc/self/cgroup), `root` the mount of the groups (/sys/fs/cgroup). Versions 1 and 2.
double cgroup_cpu_quota(const std::string& membership, const std::string& root);

// True if the control group allows less CPU time than the process's affinity has CPUs.
bool quota_limits();
// The calling thread may run where the process may.
void take_process_affinity() noexcept;

}  // namespace octavo

#endif
