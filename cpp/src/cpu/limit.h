// The CPU limit that a control group sets, read from files whose places tests choose.
#ifndef OCTAVO_CPU_LIMIT_H
#define OCTAVO_CPU_LIMIT_H

#include <string>

namespace octavo {

// CPUs that the process's control group may use, rounded up; 0: no limit found. `membership` is the file that says which
// group the process is in (/proc/self/cgroup), `root` the mount of the groups (/sys/fs/cgroup). Versions 1 and 2.
int cgroup_cpu_limit(const std::string& membership, const std::string& root);

}  // namespace octavo

#endif
