// Instruction sets: what there is, what this CPU has, which one is in use.
#ifndef OCTAVO_CPU_ISA_H
#define OCTAVO_CPU_ISA_H

#include <cstddef>
#include <string>
#include <vector>

namespace octavo {

// Ascending order; each one's features include the former's.
enum class Isa : int { scalar = 0, avx2 = 1, avx512 = 2, vnni = 3 };
constexpr int isa_count = 4;

const char* isa_name(Isa isa);
const char* isa_description(Isa isa);
// CPUID features and the operating system's XCR0 state, all of them.
bool isa_supported(Isa isa);
std::vector<Isa> available_isas();
// By name; throws Error(OCTAVO_UNKNOWN_ISA) that lists the available ones when unknown or unavailable.
Isa isa_by_name(const std::string& name);
// Best available one under the cap of OCTAVO_ISA, read once. Throws like isa_by_name if the variable is wrong.
Isa active_isa();
// AVX512-VBMI beside VNNI (byte permutes); kernels that use it state so. False under a cap below vnni.
bool has_vbmi();
const char* cpu_name();
// Bytes of a core's cache of that level (1: data, 2, 3: shared); a sane default where CPUID does not tell.
size_t cache_bytes(int level);
// CPUs that this process may use: affinity mask and cgroup limit (v1 and v2), at least 1.
int cpu_limit();

}  // namespace octavo

#endif
