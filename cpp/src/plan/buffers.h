// The caller's memory in a run: looked at before anything is written. Nothing here allocates unless it fails.
#ifndef OCTAVO_PLAN_BUFFERS_H
#define OCTAVO_PLAN_BUFFERS_H

#include <vector>

#include "base/sized.h"
#include "plan/program.h"

namespace octavo {

// Inputs or outputs of a run; elements stand as far apart as the caller's version of octavo_buffer is long.
class Buffers {
public:
    Buffers(const char* what, const octavo_buffer* first, int64_t count)
        : what_(what), all_(first, count, OCTAVO_SIZE_TO(octavo_buffer, dims), what) {}

    const char* what() const { return what_; }  // "inputs"
    octavo_buffer operator[](int64_t i) const { return all_[i]; }
    std::byte* data(int64_t i) const { return static_cast<std::byte*>(all_.at(i).data); }

private:
    const char* what_;
    SizedArray<octavo_buffer> all_;
};

// Throws Error for another count than expected.
Buffers caller_buffers(const char* what, const octavo_buffer* first, int64_t count, size_t expected);

// The batch that the shapes have in common, 1 where no value has one. Throws Error as octavo_plan_run says.
int64_t check_buffers(const std::vector<Border>& inputs, const Buffers& in, const std::vector<Border>& outputs,
                      const Buffers& out, int64_t most_batch);

}  // namespace octavo

#endif
