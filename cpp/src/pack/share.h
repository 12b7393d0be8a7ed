// How packing is shared out: the caller brings the threads.
#ifndef OCTAVO_PACK_SHARE_H
#define OCTAVO_PACK_SHARE_H

#include <cstdint>
#include <functional>

namespace octavo {

// Calls body(i) for each i in [0, count), in any order, several at a time where there are threads; throws what a body threw.
using Share = std::function<void(int64_t count, const std::function<void(int64_t)>& body)>;

// On the caller's thread.
inline void alone(int64_t count, const std::function<void(int64_t)>& body) {
    for (int64_t i = 0; i < count; i++) body(i);
}

}  // namespace octavo

#endif
