// Instruction sets: what there is, what this CPU has, which one is in use.
#ifndef OCTAVO_CPU_ISA_H
#define OCTAVO_CPU_ISA_H

#include <cstddef>
#include <string>
#include <vector>

namespace octavo {

// What a CPU may have beyond plain C++, and the operating system saves on a switch of threads.
enum Feature : unsigned {
    feature_avx2 = 1,    // AVX, FMA, AVX2
    feature_avx512 = 2,  // AVX-512 F, BW, VL, DQ
    feature_vnni = 4,    // AVX512-VNNI
    feature_vbmi = 8,    // AVX512-VBMI
};

// Sets of features, in the order of preference: of those that may be used the last counts. The order is not one of inclusion.
enum class Isa : int { scalar = 0, avx2 = 1, avx512 = 2, vnni = 3, vbmi = 4 };
constexpr int isa_count = 5;
constexpr unsigned isa_features(Isa isa) {
    constexpr unsigned all[isa_count] = {0, feature_avx2, feature_avx2 | feature_avx512,
                                         feature_avx2 | feature_avx512 | feature_vnni,
                                         feature_avx2 | feature_avx512 | feature_vnni | feature_vbmi};
    return all[static_cast<int>(isa)];
}
// True if code for `isa` needs no more than what `cap` has.
constexpr bool allows(Isa cap, Isa isa) { return (isa_features(isa) & ~isa_features(cap)) == 0; }
// The best of which the same is true under both caps.
Isa best_under(Isa cap, Isa other);

const char* isa_name(Isa isa);
const char* isa_description(Isa isa);
// By CPUID and the operating system's XCR0 state.
bool isa_supported(Isa isa);
std::vector<Isa> available_isas();
// By name; throws Error(OCTAVO_UNKNOWN_ISA) that lists the available ones when unknown or unavailable.
Isa isa_by_name(const std::string& name);
// Best available one, or what OCTAVO_ISA, read once, names. Throws like isa_by_name if the variable is wrong.
Isa active_isa();
const char* cpu_name();
// Bytes of a core's cache of that level (1: data, 2, 3: shared); a sane default where CPUID does not tell.
size_t cache_bytes(int level);
// CPUs that this process may use: affinity mask of its main thread and cgroup limit (v1 and v2), at least 1.
int cpu_limit();

}  // namespace octavo

#endif
