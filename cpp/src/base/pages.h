// Memory whose pages can be given back while its addresses stay valid.
#ifndef OCTAVO_BASE_PAGES_H
#define OCTAVO_BASE_PAGES_H

#include <cstddef>

namespace octavo {

// Zeroed, 64-byte aligned, of at least 1 byte. Throws Error(OCTAVO_OUT_OF_MEMORY).
void* allocate_pages(size_t bytes);
// Gives the pages back: from then on they are zeros. Returns the bytes freed, 0 for blocks of less than a quarter of a page.
size_t discard_pages(void* memory, size_t bytes) noexcept;
void free_pages(void* memory, size_t bytes) noexcept;

}  // namespace octavo

#endif
