// The memory of runs under way: one workspace a thread at work, kept for the next.
#ifndef OCTAVO_PLAN_WORKSPACE_H
#define OCTAVO_PLAN_WORKSPACE_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace octavo {

// A list that only grows, each entry with a flag of its own: taking and giving back need no lock, and since entries never leave
// the list, none can be mistaken for another that came back in its place.
class Workspaces {
    struct Entry;

public:
    // What a workspace is to hold: memory once reserved for a use serves the same use again.
    struct Use {
        int64_t samples, largest;  // of the piece, and of the largest piece of its run
        int threads;
        bool operator==(const Use& other) const {
            return samples == other.samples && largest == other.largest && threads == other.threads;
        }
    };

    // A workspace in the hands of one thread.
    class Lease {
    public:
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease();
        bool serves(const Use& use) const;
        // Memory of at least `bytes`, 64-byte aligned, contents undefined. Throws std::bad_alloc or Error(OCTAVO_OUT_OF_MEMORY).
        void reserve(const Use& use, size_t bytes);
        std::byte* memory() const;

    private:
        friend class Workspaces;
        Lease(Workspaces* all, Entry* entry) : all_(all), entry_(entry) {}
        Workspaces* all_;
        Entry* entry_;
    };

    Workspaces() = default;
    Workspaces(const Workspaces&) = delete;
    Workspaces& operator=(const Workspaces&) = delete;
    ~Workspaces();

    // Throws std::bad_alloc.
    Lease take();
    int64_t count() const { return count_.load(std::memory_order_relaxed); }
    // The most that was asked for so far.
    size_t most_bytes() const { return most_bytes_.load(std::memory_order_relaxed); }

private:
    std::atomic<Entry*> head_{nullptr};
    std::atomic<int64_t> count_{0};
    std::atomic<size_t> most_bytes_{0};
};

}  // namespace octavo

#endif
