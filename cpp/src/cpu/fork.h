// Forks: the child has the memory of all threads, but only the one that called.
#ifndef OCTAVO_CPU_FORK_H
#define OCTAVO_CPU_FORK_H

#include <cstdint>

namespace octavo {

// Forks between this process and the one that loaded the library: what was counted under another number was the parent's.
uint32_t fork_generation();

}  // namespace octavo

#endif
