// How long the steps of a plan take, kept for the last few runs.
#ifndef OCTAVO_PLAN_PROFILE_H
#define OCTAVO_PLAN_PROFILE_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace octavo {

class Profile {
public:
    explicit Profile(size_t steps) : steps_(steps) {}

    // Times of one run: the sum over its chunks, which may be at work on several threads.
    class Run {
    public:
        explicit Run(size_t steps) : nanoseconds_(steps, 0) {}
        void add(const std::vector<int64_t>& chunk);

    private:
        friend class Profile;
        std::mutex mutex_;
        std::vector<int64_t> nanoseconds_;
    };

    std::unique_ptr<Run> start() const { return std::make_unique<Run>(steps_); }
    void finish(std::unique_ptr<Run> run);
    // Of the last runs; -1 before the first.
    int64_t median(size_t step) const;

private:
    static constexpr size_t kept = 31;
    const size_t steps_;
    mutable std::mutex mutex_;
    std::vector<std::vector<int64_t>> runs_;  // a ring
    size_t next_ = 0;
};

}  // namespace octavo

#endif
