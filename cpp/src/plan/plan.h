// A plan: a program and what its runs need. Runs of it may be under way on many threads.
#ifndef OCTAVO_PLAN_PLAN_H
#define OCTAVO_PLAN_PLAN_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "plan/profile.h"
#include "plan/program.h"
#include "plan/workspace.h"

namespace octavo {

struct PlanOptions {
    int threads = 0;    // 0: the process's default at the time of a run
    int64_t chunk = 0;  // samples that go through together; 0: chosen
    Isa isa = Isa::scalar;
    bool profile = false;
    std::shared_ptr<SharedObjects> weights;  // null: packed for this plan alone
};

class Plan {
public:
    Plan(Program program, const PlanOptions& options);
    // Waits for runs under way.
    ~Plan();
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;

    // Throws Error for its arguments, for lack of memory, and where the back end fails. args is in this version's size.
    void run(const octavo_run_args& args);
    void read_state(int value, void* data, int64_t bytes);
    void write_state(int value, const void* data, int64_t bytes);

    const Program& program() const { return program_; }
    Isa isa() const { return options_.isa; }
    int64_t nanoseconds(size_t step) const { return profile_ ? profile_->median(step) : -1; }
    // Most bytes of a workspace so far, or what a chunk needs if nothing ran yet.
    int64_t workspace_bytes() const;
    int64_t workspaces() const { return workspaces_.count(); }
    // 0: the whole batch of a run.
    int64_t chunk() const { return chunk_; }

private:
    // How a batch is cut, and who works on the pieces.
    struct Split {
        int64_t count;
        int64_t chunk;  // samples of each but the last; 0: as equal as can be
        int outer;      // threads over pieces
        int inner;      // threads inside a piece

        int64_t largest(int64_t batch) const {
            if (count == 1) return batch;
            return chunk > 0 ? std::min(batch, chunk) : (batch + count - 1) / count;
        }
    };
    struct Job;
    class Visit;

    Split split(int64_t batch) const;
    void run_piece(Job* job, int64_t index) const noexcept;
    void run_steps(Job* job, int64_t start, int64_t samples) const;
    size_t bytes_needed(int64_t samples, int threads) const;
    AlignedArray<std::byte>& state(int value, int64_t bytes);

    const PlanOptions options_;
    Program program_;
    int64_t chunk_;       // see chunk()
    int64_t worthwhile_;  // samples that make it worth to wake another thread
    int64_t max_batch_;   // beyond it a size does not fit the address space
    std::unique_ptr<Profile> profile_;
    mutable Workspaces workspaces_;
    std::mutex state_mutex_;  // one run at a time where there is state
    std::atomic<uint64_t> runs_{0};
};

}  // namespace octavo

#endif
