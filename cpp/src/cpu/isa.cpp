#include "cpu/isa.h"

#include <cpuid.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/status.h"

namespace octavo {
namespace {

struct Registers {
    uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    Registers r{};
    if (leaf <= __get_cpuid_max(leaf & 0x80000000u, nullptr)) __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
    return r;
}

bool bit(uint32_t word, int n) { return (word >> n & 1) != 0; }

// What the CPU has and the operating system saves on a switch of threads.
unsigned read_features() {
    const Registers one = cpuid(1), seven = cpuid(7);
    if (!bit(one.ecx, 27)) return 0;  // OSXSAVE: XGETBV exists
    uint32_t xcr0, high;
    __asm__("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
    const bool ymm = (xcr0 & 0x06) == 0x06;  // SSE and AVX state
    const bool zmm = (xcr0 & 0xe6) == 0xe6;  // and masks, upper halves, upper registers
    unsigned found = 0;
    if (ymm && bit(one.ecx, 28) && bit(one.ecx, 12) && bit(seven.ebx, 5)) found |= feature_avx2;
    if (zmm && bit(seven.ebx, 16) && bit(seven.ebx, 17) && bit(seven.ebx, 30) && bit(seven.ebx, 31))
        found |= feature_avx512;
    if (zmm && bit(seven.ecx, 11)) found |= feature_vnni;
    if (zmm && bit(seven.ecx, 1)) found |= feature_vbmi;
    return found;
}

unsigned features() {
    static const unsigned found = read_features();
    return found;
}

std::string available_names() {
    std::string names;
    for (Isa isa : available_isas()) names += std::string(names.empty() ? "" : ", ") + isa_name(isa);
    return names;
}

// The choice under OCTAVO_ISA, or why there is none.
struct Choice {
    Isa isa = Isa::scalar;
    std::string failure;

    Choice() {
        const char* cap = std::getenv("OCTAVO_ISA");
        if (cap == nullptr || *cap == '\0') {
            isa = available_isas().back();
            return;
        }
        try {
            isa = isa_by_name(cap);
        } catch (const Error& error) {
            failure = std::string("the environment variable OCTAVO_ISA: ") + error.what();
        }
    }
};

const Choice& choice() {
    static const Choice made;
    return made;
}

}  // namespace

const char* isa_name(Isa isa) {
    static const char* const names[isa_count] = {"scalar", "avx2", "avx512", "vnni", "vbmi"};
    return names[static_cast<int>(isa)];
}

const char* isa_description(Isa isa) {
    static const char* const descriptions[isa_count] = {"portable C++, the definition of every kernel",
                                                        "AVX2 and FMA, 256 bits", "AVX-512 F, BW, VL and DQ, 512 bits",
                                                        "AVX-512 and AVX512-VNNI: products of bytes summed in 32 bits",
                                                        "AVX-512, AVX512-VNNI and AVX512-VBMI: permutes of bytes"};
    return descriptions[static_cast<int>(isa)];
}

bool isa_supported(Isa isa) { return (isa_features(isa) & ~features()) == 0; }

Isa best_under(Isa cap, Isa other) {
    Isa best = Isa::scalar;
    for (int i = 0; i < isa_count; ++i) {
        const Isa isa = static_cast<Isa>(i);
        if (allows(cap, isa) && allows(other, isa)) best = isa;
    }
    return best;
}

std::vector<Isa> available_isas() {
    std::vector<Isa> isas;
    for (int i = 0; i < isa_count; ++i)
        if (isa_supported(static_cast<Isa>(i))) isas.push_back(static_cast<Isa>(i));
    return isas;
}

Isa isa_by_name(const std::string& name) {
    for (int i = 0; i < isa_count; ++i) {
        const Isa isa = static_cast<Isa>(i);
        if (name != isa_name(isa)) continue;
        if (isa_supported(isa)) return isa;
        throw Error(OCTAVO_UNKNOWN_ISA, "instruction set \"" + name +
                                            "\" is not available on this CPU; available are " + available_names());
    }
    throw Error(OCTAVO_UNKNOWN_ISA, "instruction set \"" + name + "\" is unknown; available are " + available_names());
}

Isa active_isa() {
    if (!choice().failure.empty()) throw Error(OCTAVO_UNKNOWN_ISA, choice().failure);
    return choice().isa;
}

const char* cpu_name() {
    static const std::string name = [] {
        char text[49] = {};
        for (uint32_t i = 0; i < 3; ++i) {
            const Registers r = cpuid(0x80000002u + i);
            std::memcpy(text + 16 * i, &r, 16);
        }
        std::string brand = text;
        brand.erase(0, brand.find_first_not_of(' '));
        brand.erase(brand.find_last_not_of(' ') + 1);
        return brand.empty() ? std::string("unknown CPU") : brand;
    }();
    return name.c_str();
}

namespace {

size_t read_cache_bytes(int level) {
    // Intel lists its caches in leaf 4, AMD in leaf 0x8000001d, in the same form.
    for (uint32_t leaf : {4u, 0x8000001du}) {
        for (uint32_t i = 0; i < 16; ++i) {
            const Registers r = cpuid(leaf, i);
            const uint32_t type = r.eax & 0x1f;
            if (type == 0) break;
            const bool data = type == 1 || type == 3;
            if (!data || static_cast<int>(r.eax >> 5 & 7) != level) continue;
            const size_t ways = (r.ebx >> 22) + 1, partitions = (r.ebx >> 12 & 0x3ff) + 1, line = (r.ebx & 0xfff) + 1;
            return ways * partitions * line * (static_cast<size_t>(r.ecx) + 1);
        }
    }
    return level <= 1 ? size_t{32} << 10 : level == 2 ? size_t{256} << 10 : size_t{8} << 20;
}

}  // namespace

size_t cache_bytes(int level) {
    // Read once: under a hypervisor every CPUID instruction is a trap of some microseconds.
    static const size_t bytes[] = {read_cache_bytes(1), read_cache_bytes(2), read_cache_bytes(3)};
    return bytes[level <= 1 ? 0 : level == 2 ? 1 : 2];
}

}  // namespace octavo
