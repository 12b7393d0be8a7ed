#include "plan/profile.h"

#include <algorithm>

namespace octavo {

void Profile::Run::add(const std::vector<int64_t>& chunk) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 0; i < chunk.size(); ++i) nanoseconds_[i] += chunk[i];
}

void Profile::finish(std::unique_ptr<Run> run) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (runs_.size() < kept) {
        runs_.push_back(std::move(run->nanoseconds_));
    } else {
        runs_[next_] = std::move(run->nanoseconds_);
        next_ = (next_ + 1) % kept;
    }
}

int64_t Profile::median(size_t step) const {
    std::lock_guard<std::mutex> lock(mutex_);
    if (runs_.empty()) return -1;
    std::vector<int64_t> times;
    for (const std::vector<int64_t>& run : runs_) times.push_back(run[step]);
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
}

}  // namespace octavo
