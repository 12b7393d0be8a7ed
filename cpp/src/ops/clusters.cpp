#include "ops/clusters.h"

#include <algorithm>

namespace octavo {

void Clusters::reserve(int64_t n, int32_t k) {
    const size_t distinct = static_cast<size_t>(std::min<int64_t>(n, int64_t{1} << 16));
    splits_.reserve(distinct * static_cast<size_t>(k));
    previous_.reserve(distinct);
    current_.reserve(distinct);
    means_.reserve(static_cast<size_t>(k));
    weights_.reserve(static_cast<size_t>(k));
}

void Clusters::fit(const WeightedValues& values, int32_t k, const SearchKernels& kernels) {
    n_ = values.size();
    const int64_t clusters = std::min<int64_t>(k, n_);
    means_.clear();
    weights_.clear();
    const auto add = [&](int64_t from, int64_t to) {
        means_.push_back(to == from + 1 ? values.value(from) : values.mean(from, to));
        weights_.push_back(values.weight(from, to));
    };
    if (clusters == n_) {
        for (int64_t i = 0; i < n_; i++) add(i, i + 1);
        return;
    }
    kernels_ = &kernels;
    sums_ = values.sums();
    splits_.assign(static_cast<size_t>(clusters * n_), 0);
    previous_.assign(static_cast<size_t>(n_), 0.0);
    current_.assign(static_cast<size_t>(n_), 0.0);
    const double nothing_before[1] = {0};
    for (int64_t i = 0; i < n_; i++)
        kernels.best_split(nothing_before, sums_, 0, 0, i + 1, &current_[static_cast<size_t>(i)]);
    for (int64_t row = 1; row < clusters; row++) {
        previous_.swap(current_);
        fill(row, row, n_ - 1, row, n_ - 1);
    }
    int64_t begins[256], end = n_ - 1;
    for (int64_t row = clusters - 1; row >= 0; row--) {
        begins[row] = splits_[static_cast<size_t>(row * n_ + end)];
        end = begins[row] - 1;
    }
    for (int64_t i = 0; i < clusters; i++) add(begins[i], i + 1 < clusters ? begins[i + 1] : n_);
}

// D[row][from .. to], whose best splits lie in least .. greatest.
void Clusters::fill(int64_t row, int64_t from, int64_t to, int64_t least, int64_t greatest) {
    if (from > to) return;
    const int64_t middle = (from + to) / 2;
    // D[row - 1][j - 1] stands at j - 1.
    const int64_t best =
        kernels_->best_split(previous_.data() - 1, sums_, std::max(least, row), std::min(greatest, middle), middle + 1,
                             &current_[static_cast<size_t>(middle)]);
    splits_[static_cast<size_t>(row * n_ + middle)] = static_cast<uint16_t>(best);
    fill(row, from, middle - 1, least, best);
    fill(row, middle + 1, to, best, greatest);
}

}  // namespace octavo
