#include "plan/workspace.h"

#include "base/memory.h"

namespace octavo {

struct Workspaces::Entry {
    ~Entry() { free_aligned(memory); }

    std::byte* memory = nullptr;
    size_t capacity = 0;
    Use use{0, 0, 0};  // no run's
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

bool Workspaces::Lease::serves(const Use& use) const { return entry_->use == use; }

void Workspaces::Lease::reserve(const Use& use, size_t bytes) {
    if (bytes > entry_->capacity) {
        free_aligned(entry_->memory);
        entry_->memory = nullptr;
        entry_->capacity = 0;
        entry_->use = {0, 0, 0};
        entry_->memory = static_cast<std::byte*>(allocate_aligned(bytes));
        entry_->capacity = bytes;
        size_t most = all_->most_bytes_.load(std::memory_order_relaxed);
        while (bytes > most && !all_->most_bytes_.compare_exchange_weak(most, bytes, std::memory_order_relaxed)) {
        }
    }
    entry_->use = use;
}

Workspaces::Lease Workspaces::take() {
    for (Entry* entry = head_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
        if (!entry->busy.load(std::memory_order_relaxed) && !entry->busy.exchange(true, std::memory_order_acquire))
            return Lease(this, entry);
    }
    Entry* entry = new Entry;
    entry->next = head_.load(std::memory_order_relaxed);
    while (!head_.compare_exchange_weak(entry->next, entry, std::memory_order_release, std::memory_order_relaxed)) {
    }
    count_.fetch_add(1, std::memory_order_relaxed);
    return Lease(this, entry);
}

}  // namespace octavo
