// The occupied bins of a histogram.
#ifndef OCTAVO_OPS_OCCUPIED_H
#define OCTAVO_OPS_OCCUPIED_H

#include <cstdint>
#include <vector>

#include "kernels/search.h"

namespace octavo {

// Counts of values in bins of width 2^exponent, bin i from (first + i) 2^exponent on, and their least and greatest.
struct Counted {
    const int64_t* counts;
    int32_t exponent;
    int64_t first, bins;
    float min, max;
};

// The exponent of the narrowest bins that cover min .. max with at most so many, no narrower than floats lie apart there.
int32_t covering_exponent(float min, float max, int64_t most_bins);

// Ascending. The memory is used again for the next histogram.
class Occupied {
public:
    void set(const Counted& x);
    // Of finite values [n], n > 0, whose least and greatest are min and max, in at most `most_bins` bins.
    void set(const float* x, int64_t n, float min, float max, int64_t most_bins);

    int64_t size() const { return static_cast<int64_t>(counts_.size()); }
    int64_t bin(int64_t i) const { return bins_[static_cast<size_t>(i)]; }
    double weight(int64_t i) const { return counts_[static_cast<size_t>(i)]; }
    // The middle of the bin; of the part of it within min .. max.
    double middle(int64_t i) const { return (static_cast<double>(bin(i)) + 0.5) * width_; }
    double value(int64_t i) const { return (from_[static_cast<size_t>(i)] + to_[static_cast<size_t>(i)]) / 2; }
    double total() const { return total_; }
    int32_t exponent() const { return exponent_; }
    double width() const { return width_; }
    float min() const { return min_; }
    float max() const { return max_; }

    // Squared distances of all values from their nearest levels, those of a bin spread evenly over the part of it within min .. max.
    double error(const Steps& levels) const;
    double error(float scale, int32_t zero_point, int32_t q_min, int32_t q_max) const;

private:
    void begin(int32_t exponent, float min, float max);
    void add(int64_t bin, double count);

    int32_t exponent_ = 0;
    double width_ = 1, total_ = 0;
    float min_ = 0, max_ = 0;
    std::vector<int64_t> bins_, dense_;
    std::vector<double> from_, to_, counts_;
    std::vector<float> sorted_;
};

}  // namespace octavo

#endif
