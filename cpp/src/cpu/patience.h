// How long a thread that waits for work spins before it sleeps.
#ifndef OCTAVO_CPU_PATIENCE_H
#define OCTAVO_CPU_PATIENCE_H

#include <algorithm>
#include <chrono>

namespace octavo {

// Waking a thread takes some 50 us, as long as many a layer, so the next job should find it spinning. Where jobs come more seldom
// that is in vain: each time it is, half the patience goes, and all of it is back when a wait was one that spinning covers.
class Patience {
public:
    using Time = std::chrono::microseconds;
    static constexpr Time shortest{3};

    explicit Patience(Time longest) : longest_(longest), time_(longest) {}

    Time time() const { return time_; }
    void was_in_vain() { time_ = std::max(time_ / 2, shortest); }
    // After a sleep: what the whole wait took.
    void waited(std::chrono::nanoseconds wait) {
        if (wait < longest_) time_ = longest_;
    }

private:
    Time longest_, time_;
};

}  // namespace octavo

#endif
