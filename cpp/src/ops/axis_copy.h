// Copies whose places go by axes, which all operators of movement are: what lies where is worked out when the plan is built.
#ifndef OCTAVO_OPS_AXIS_COPY_H
#define OCTAVO_OPS_AXIS_COPY_H

#include <cstdint>
#include <string>
#include <vector>

#include "base/memory.h"
#include "kernels/copy.h"
#include "kernels/transpose.h"
#include "ops/op.h"
#include "registry/map.h"

namespace octavo {

// In CopyAxis::offsets: no element of x, but the filler.
constexpr int64_t outside = INT64_MIN;

// An axis of the result, steps in elements.
struct CopyAxis {
    int64_t count;
    int64_t y_step;
    int64_t x_step = 0;
    std::vector<int64_t> offsets = {};  // in x, of each index, instead of index * x_step; empty: by x_step
};

// Element (i, j, ..) of the result is that of x at x_start + the sum of what the axes have for i, j, ..; where one of them has
// `outside` it is the filler.
class AxisCopy {
public:
    // Axes from outside to inside as they lie in y, which has each element once. element: 1, 4 or 8 bytes; filler: one, in the first
    // bytes. table: null or [256], what each byte becomes on its way.
    AxisCopy(std::vector<CopyAxis> axes, int64_t x_start, int64_t y_start, int64_t element, Isa isa,
             uint64_t filler = 0, const uint8_t* table = nullptr);

    int64_t units() const { return outer_ * inner_; }
    int64_t cost() const { return cost_; }  // picoseconds of a unit
    bool is_whole() const;                  // one run: all elements in the same order
    std::string suffix() const;             // of the kernel's name
    // Units begin to end, of [0, units()).
    void run(const char* x, char* y, int64_t begin, int64_t end) const noexcept;

private:
    // n elements that lie evenly, in elements from the places of the outer axes. x: `outside` for fillers.
    struct Run {
        int64_t x, y, n, x_step, y_step;
    };
    struct Cursor;

    void simplify(std::vector<CopyAxis>* axes);
    bool choose_transposition(std::vector<CopyAxis>* axes, Isa isa);
    void list_runs(std::vector<CopyAxis>* axes);
    void cut_long_runs();
    void find_even_runs();
    void copy_run(const Run& run, const char* x, char* y, bool fill) const noexcept;
    void copy_tile(int64_t tile, const char* x, char* y) const noexcept;

    int64_t element_, x_start_, y_start_;
    std::vector<CopyAxis> axes_;  // the outer ones, over which units go
    int64_t outer_ = 1, inner_ = 1, cost_ = 0;
    uint64_t filler_;
    const CopyKernels& copies_;
    const MapKernels& maps_;
    AlignedArray<uint8_t> table_;
    std::vector<Run> runs_;        // of one index of the outer axes
    std::vector<int64_t> places_;  // instead, where all runs are equally long: bytes from x, with
    int64_t run_bytes_ = 0, run_step_ = 0;
    TransposeFunction transpose_ = nullptr;  // or tiles of a transposition
    std::string transpose_suffix_;
    int64_t rows_ = 0, columns_ = 0, x_stride_ = 0, y_stride_ = 0;
};

}  // namespace octavo

#endif
