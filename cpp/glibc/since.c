// What the compiler's runtime calls of glibc and glibc has only since 2.32, 2.35 and 2.36, for the libraries that are to run
// with an older one. Each does what the runtime did before it could call them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <features.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN __attribute__((visibility("hidden")))

#if __GLIBC_PREREQ(2, 32)
// Whether the process has one thread, so that shared counts may go without atomic instructions: never said.
OWN char __libc_single_threaded = 0;
#endif

#if __GLIBC_PREREQ(2, 35)
struct search {
    uintptr_t address;
    struct dl_find_object* result;
};

static int contains(struct dl_phdr_info* info, size_t size, void* data) {
    (void)size;
    const struct search* search = data;
    uintptr_t start = UINTPTR_MAX;
    uintptr_t end = 0;
    uintptr_t frames = 0;
    int inside = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)* header = &info->dlpi_phdr[i];
        const uintptr_t first = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME) frames = first;
        if (header->p_type != PT_LOAD) continue;
        const uintptr_t last = first + header->p_memsz;
        inside |= search->address - first < header->p_memsz;
        if (first < start) start = first;
        if (last > end) end = last;
    }
    if (!inside || frames == 0) return 0;
    *search->result = (struct dl_find_object){
        .dlfo_map_start = (void*)start, .dlfo_map_end = (void*)end, .dlfo_eh_frame = (void*)frames};
    return 1;
}

// The tables that an exception is unwound by: of the loaded object that holds the address. 0 found, -1 not.
OWN int _dl_find_object(void* address, struct dl_find_object* result) {
    struct search search = {(uintptr_t)address, result};
    return dl_iterate_phdr(contains, &search) == 1 ? 0 : -1;
}
#endif

#if __GLIBC_PREREQ(2, 36)
// std::random_device names it; nothing of Octavo draws from it.
OWN uint32_t arc4random(void) {
    uint32_t value;
    if (getentropy(&value, sizeof(value)) != 0) abort();
    return value;
}
#endif
