// Memory of tensors, as the C interface gives it.
#include <string>

#include "abi/status.h"
#include "base/pages.h"

using namespace octavo;

void* octavo_memory_allocate(int64_t bytes) {
    void* memory = nullptr;
    guarded([&] {
        if (bytes < 1) throw Error(OCTAVO_INVALID_ARGUMENT, std::to_string(bytes) + " bytes, expected 1 or more");
        memory = allocate_pages(static_cast<size_t>(bytes));
    });
    return memory;
}

int64_t octavo_memory_discard(void* memory, int64_t bytes) {
    if (memory == nullptr || bytes < 0) return 0;
    return static_cast<int64_t>(discard_pages(memory, static_cast<size_t>(bytes)));
}

void octavo_memory_free(void* memory, int64_t bytes) {
    if (memory != nullptr && bytes >= 0) free_pages(memory, static_cast<size_t>(bytes));
}
