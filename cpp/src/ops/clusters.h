// Exact k-means in one dimension.
#ifndef OCTAVO_OPS_CLUSTERS_H
#define OCTAVO_OPS_CLUSTERS_H

#include <cstdint>
#include <vector>

#include "ops/weighted_values.h"
#include "registry/search.h"

namespace octavo {

// The partition of numbers into k runs of neighbours with the least weighted squared error: D[k][i] = min over j of D[k-1][j-1] +
// cost(j, i), the cost being the squared error of values j to i around their mean. The best j never falls as i grows, so each row
// is filled by divide and conquer, the middle first: O(k n log n) in all. Wang and Song, Ckmeans.1d.dp, The R Journal, 2011;
// Gronlund et al., Fast exact k-means, k-medians and Bregman divergence clustering in 1D, 2017.
class Clusters {
public:
    void reserve(int64_t n, int32_t k);

    // At most k clusters of the values, whose sums are accumulated: as many as there are values if these are fewer.
    void fit(const WeightedValues& values, int32_t k, const SearchKernels& kernels);

    // Of the clusters, ascending.
    const std::vector<double>& means() const { return means_; }
    const std::vector<double>& weights() const { return weights_; }

private:
    void fill(int64_t row, int64_t from, int64_t to, int64_t least, int64_t greatest);

    const SearchKernels* kernels_ = nullptr;
    PrefixSums sums_{};
    int64_t n_ = 0;
    std::vector<uint16_t> splits_;  // [k][n]: where the last of k + 1 clusters of the first i + 1 values begins
    std::vector<double> previous_, current_, means_, weights_;
};

}  // namespace octavo

#endif
