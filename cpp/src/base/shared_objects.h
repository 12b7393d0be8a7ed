// Objects that are made once of what their key stands for, never change, and are shared by all who ask for them.
#ifndef OCTAVO_BASE_SHARED_OBJECTS_H
#define OCTAVO_BASE_SHARED_OBJECTS_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/digest.h"

namespace octavo {

// Calls from any threads.
class SharedObjects {
public:
    enum class Kept {
        while_used,  // gone with the last one who holds it
        always       // as long as this: facts of a few bytes
    };

    // The object of this key, made now if there is none; make returns a T, which has bytes(). While one thread makes it others who ask
    // for it wait. What make throws goes to its caller, and the next one who asks tries again.
    template <class T, class Make>
    std::shared_ptr<const T> get(const Digest& key, const Make& make, Kept kept = Kept::while_used) {
        const std::shared_ptr<Slot> slot = slot_of(key);
        std::lock_guard<std::mutex> lock(slot->mutex);
        if (auto object = slot->object.lock()) return std::static_pointer_cast<const T>(object);
        auto object = std::make_shared<const T>(make());
        made(*slot, object, static_cast<int64_t>(object->bytes()), kept);
        return object;
    }

    struct Usage {
        int64_t objects, bytes;  // that are in use
        int64_t made;            // so far
    };
    Usage usage() const;

private:
    struct Slot {
        std::mutex mutex;
        std::weak_ptr<const void> object;
        std::shared_ptr<const void> kept;
        int64_t bytes = 0;
    };

    std::shared_ptr<Slot> slot_of(const Digest& key);
    void made(Slot& slot, const std::shared_ptr<const void>& object, int64_t bytes, Kept kept);

    mutable std::mutex mutex_;
    std::map<Digest, std::shared_ptr<Slot>> slots_;
    size_t most_ = 256;  // slots before those of objects that are gone are dropped
    int64_t made_ = 0;
};

// The same where there may be no objects to share: null makes one of its own, and asks nobody for a key. describe(Hash&) adds to the
// key all that make depends on; kind: what is made, as it must differ from other things that are made of the same.
template <class Describe, class Make>
auto shared_or_made(SharedObjects* objects, const char* kind, const Describe& describe, const Make& make,
                    SharedObjects::Kept kept = SharedObjects::Kept::while_used)
    -> std::shared_ptr<const decltype(make())> {
    using T = decltype(make());
    if (objects == nullptr) return std::make_shared<const T>(make());
    Hash key;
    key.add(std::string(kind));
    describe(key);
    return objects->get<T>(key.digest(), make, kept);
}

}  // namespace octavo

#endif
