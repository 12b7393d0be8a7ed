#include "base/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/sizes.h"
#include "base/status.h"

namespace octavo {
namespace {

constexpr size_t huge_page = size_t{2} << 20;

[[noreturn]] void out_of_memory(size_t bytes) {
    throw Error(OCTAVO_OUT_OF_MEMORY, "could not allocate " + std::to_string(bytes) + " bytes");
}

}  // namespace

void* allocate_aligned(size_t bytes) {
    if (bytes == 0) return nullptr;
    if (bytes > PTRDIFF_MAX - huge_page) out_of_memory(bytes);
    const size_t huge = bytes / huge_page * huge_page;
    void* memory = nullptr;
    if (posix_memalign(&memory, huge > 0 ? huge_page : alignment, bytes) != 0) out_of_memory(bytes);
    // A hint: where the kernel does not take it, pages stay small. What is beyond the last whole one does.
    if (huge > 0) madvise(memory, huge, MADV_HUGEPAGE);
    return memory;
}

void free_aligned(void* memory) noexcept { std::free(memory); }

void* allocate_array(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) out_of_memory(SIZE_MAX);
    return allocate_aligned(bytes);
}

void* allocate_zeroed(size_t count, size_t size) {
    void* memory = allocate_array(count, size);
    if (memory != nullptr) std::memset(memory, 0, count * size);
    return memory;
}

}  // namespace octavo
