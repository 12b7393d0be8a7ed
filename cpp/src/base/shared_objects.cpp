#include "base/shared_objects.h"

#include <algorithm>

namespace octavo {

std::shared_ptr<SharedObjects::Slot> SharedObjects::slot_of(const Digest& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = slots_.find(key);
    if (found != slots_.end()) return found->second;
    if (slots_.size() >= most_) {
        for (auto at = slots_.begin(); at != slots_.end();) {
            // Nobody else can come by the slot while the lock is held.
            const bool gone = at->second.use_count() == 1 && at->second->object.expired();
            at = gone ? slots_.erase(at) : std::next(at);
        }
        most_ = std::max<size_t>(256, 2 * slots_.size());
    }
    return slots_.emplace(key, std::make_shared<Slot>()).first->second;
}

void SharedObjects::made(Slot& slot, const std::shared_ptr<const void>& object, int64_t bytes, Kept kept) {
    std::lock_guard<std::mutex> lock(mutex_);
    slot.object = object;
    slot.bytes = bytes;
    if (kept == Kept::always) slot.kept = object;
    made_++;
}

SharedObjects::Usage SharedObjects::usage() const {
    std::lock_guard<std::mutex> lock(mutex_);
    Usage usage = {0, 0, made_};
    for (const auto& [key, slot] : slots_) {
        if (slot->object.expired()) continue;
        usage.objects++;
        usage.bytes += slot->bytes;
    }
    return usage;
}

}  // namespace octavo
