#include "plan/workspace.h"

#include "base/memory.h"

namespace octavo {

struct Workspaces::Entry {
    ~Entry() { free_aligned(memory); }

    std::byte* memory = nullptr;
    size_t capacity = 0;
    std::atomic<bool> busy{true};
    Entry* next = nullptr;
};

Workspaces::~Workspaces() {
    for (Entry* entry = head_.load(); entry != nullptr;) {
        Entry* next = entry->next;
        delete entry;
        entry = next;
    }
}

Workspaces::Lease::~Lease() { entry_->busy.store(false, std::memory_order_release); }

std::byte* Workspaces::Lease::memory() const { return entry_->memory; }

Workspaces::Lease Workspaces::take(size_t bytes) {
    Entry* entry = take_entry();
    try {
        reserve(entry, bytes);
    } catch (...) {
        entry->busy.store(false, std::memory_order_release);
        throw;
    }
    return Lease(entry);
}

void Workspaces::reserve(Entry* entry, size_t bytes) {
    if (bytes <= entry->capacity) return;
    free_aligned(entry->memory);
    entry->memory = nullptr;
    entry->capacity = 0;
    entry->memory = static_cast<std::byte*>(allocate_aligned(bytes));
    entry->capacity = bytes;
    size_t most = most_bytes_.load(std::memory_order_relaxed);
    while (bytes > most && !most_bytes_.compare_exchange_weak(most, bytes, std::memory_order_relaxed)) {
    }
}

Workspaces::Entry* Workspaces::take_entry() {
    for (Entry* entry = head_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
        if (!entry->busy.load(std::memory_order_relaxed) && !entry->busy.exchange(true, std::memory_order_acquire))
            return entry;
    }
    Entry* entry = new Entry;
    entry->next = head_.load(std::memory_order_relaxed);
    while (!head_.compare_exchange_weak(entry->next, entry, std::memory_order_release, std::memory_order_relaxed)) {
    }
    count_.fetch_add(1, std::memory_order_relaxed);
    return entry;
}

}  // namespace octavo
