#include "base/pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <string>

#include "base/memory.h"
#include "base/status.h"
#include "octavo/octavo.h"

namespace octavo {
namespace {

constexpr size_t page = 4096;

// Below it a page of its own would waste more than three quarters.
bool has_pages(size_t bytes) { return bytes >= OCTAVO_MEMORY_PAGED; }

size_t whole_pages(size_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

void* allocate_pages(size_t bytes) {
    if (!has_pages(bytes)) return allocate_zeroed(bytes, 1);
    void* memory = MAP_FAILED;
    if (bytes <= PTRDIFF_MAX - page)
        memory = mmap(nullptr, whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw Error(OCTAVO_OUT_OF_MEMORY, "could not allocate " + std::to_string(bytes) + " bytes");
    return memory;
}

size_t discard_pages(void* memory, size_t bytes) noexcept {
    if (!has_pages(bytes) || madvise(memory, whole_pages(bytes), MADV_DONTNEED) != 0) return 0;
    return bytes;
}

void free_pages(void* memory, size_t bytes) noexcept {
    if (has_pages(bytes))
        munmap(memory, whole_pages(bytes));
    else
        free_aligned(memory);
}

}  // namespace octavo
