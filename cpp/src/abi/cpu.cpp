// CPU, instruction sets and threads, as the C interface shows them.
#include "abi/status.h"
#include "cpu/isa.h"
#include "cpu/pool.h"

#include <string>

using namespace octavo;

int32_t octavo_isa_count(void) { return isa_count; }

octavo_status octavo_isa_info(int32_t index, const char** name, const char** description, int32_t* supported,
                              int32_t* active) {
    return guarded([&] {
        if (index < 0 || index >= isa_count)
            throw Error(OCTAVO_INVALID_ARGUMENT, "instruction set " + std::to_string(index) + ", expected 0 to " +
                                                     std::to_string(isa_count - 1));
        const Isa isa = static_cast<Isa>(index);
        if (name != nullptr) *name = isa_name(isa);
        if (description != nullptr) *description = isa_description(isa);
        if (supported != nullptr) *supported = isa_supported(isa);
        if (active == nullptr) return;
        try {
            *active = active_isa() == isa;
        } catch (const Error&) {
            *active = 0;  // OCTAVO_ISA is wrong: none is in use, and this list is what helps
        }
    });
}

octavo_status octavo_isa_active(const char** name) {
    return guarded([&] {
        require(name, "name");
        *name = isa_name(active_isa());
    });
}

const char* octavo_cpu_name(void) { return cpu_name(); }

int32_t octavo_threads(void) { return default_threads(); }

octavo_status octavo_set_threads(int32_t threads) {
    return guarded([&] {
        if (threads < 1 || threads > 1024)
            throw Error(OCTAVO_INVALID_ARGUMENT, std::to_string(threads) + " threads, expected 1 to 1024");
        set_default_threads(threads);
    });
}

octavo_status octavo_parallel_for(int64_t count, int32_t threads, octavo_task task, void* context) {
    return guarded([&] {
        if (count < 0 || threads < 1 || task == nullptr)
            throw Error(OCTAVO_INVALID_ARGUMENT, std::to_string(count) + " tasks on " + std::to_string(threads) +
                                                     " threads, expected 0 or more on 1 or more, and a function");
        parallel_for(count, threads, task, context);
    });
}
