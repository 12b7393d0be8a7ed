// Ascending distinct numbers with weights, and prefix sums over them.
#ifndef OCTAVO_OPS_WEIGHTED_VALUES_H
#define OCTAVO_OPS_WEIGHTED_VALUES_H

#include <cstdint>
#include <vector>

#include "kernels/search.h"

namespace octavo {

// All in double; sums are taken around the middle of the range, which keeps them small. The memory is used again for the next
// group.
class WeightedValues {
public:
    // For groups of up to n elements, with counts or without, so that nothing else allocates.
    void reserve(int64_t n, bool counted);

    // Finite x [n], n > 0, or their magnitudes; counts: how often each occurs, null: once. Zeros of either sign are one. More than
    // 2^16 distinct values are gathered into as many equal bins, each standing at its mean.
    void gather(const float* x, const int64_t* counts, int64_t n, bool magnitudes);
    // Prefix sums over the values, for `sums`, `mean` and `squared_error`.
    void accumulate();

    int64_t size() const { return static_cast<int64_t>(values_.size()); }
    double value(int64_t i) const { return values_[static_cast<size_t>(i)]; }
    double weight(int64_t i) const { return weight_[static_cast<size_t>(i)]; }

    PrefixSums sums() const { return {weights_.data(), sums_.data(), squares_.data()}; }
    // Of the values from .. to - 1, of which there is at least one.
    double weight(int64_t from, int64_t to) const;
    double mean(int64_t from, int64_t to) const;

private:
    struct Counted {
        float value;
        double count;
    };

    template <class Each>
    void sorted(const Each& each) const;

    std::vector<float> plain_;      // sorted elements, each once
    std::vector<Counted> counted_;  // or with their counts
    std::vector<double> values_, weight_, weights_, sums_, squares_;
    double middle_ = 0;
};

}  // namespace octavo

#endif
