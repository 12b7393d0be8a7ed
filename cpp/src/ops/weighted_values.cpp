#include "ops/weighted_values.h"

#include <algorithm>
#include <cmath>

namespace octavo {
namespace {

constexpr int64_t most_distinct = int64_t{1} << 16;

}  // namespace

void WeightedValues::reserve(int64_t n, bool counted) {
    const size_t distinct = static_cast<size_t>(std::min(n, most_distinct));
    for (std::vector<double>* of : {&values_, &weight_, &weights_, &sums_, &squares_}) of->reserve(distinct + 1);
    if (counted)
        counted_.reserve(static_cast<size_t>(n));
    else
        plain_.reserve(static_cast<size_t>(n));
}

// Calls each(value, weight) for the elements in ascending order.
template <class Each>
void WeightedValues::sorted(const Each& each) const {
    for (float value : plain_) each(static_cast<double>(value), 1.0);
    for (const Counted& of : counted_) each(static_cast<double>(of.value), of.count);
}

void WeightedValues::gather(const float* x, const int64_t* counts, int64_t n, bool magnitudes) {
    plain_.clear();
    counted_.clear();
    const auto element = [&](int64_t i) { return (magnitudes ? std::fabs(x[i]) : x[i]) + 0.0f; };  // -0 becomes +0
    if (counts == nullptr) {
        for (int64_t i = 0; i < n; i++) plain_.push_back(element(i));
        std::sort(plain_.begin(), plain_.end());
    } else {
        for (int64_t i = 0; i < n; i++)
            if (counts[i] > 0) counted_.push_back({element(i), static_cast<double>(counts[i])});
        std::sort(counted_.begin(), counted_.end(), [](const Counted& a, const Counted& b) {
            return a.value != b.value ? a.value < b.value : a.count < b.count;
        });
    }
    int64_t distinct = 0;
    double first = 0, last = 0;
    sorted([&](double value, double) {
        if (distinct == 0) first = value;
        if (distinct == 0 || value != last) distinct++;
        last = value;
    });
    values_.clear();
    weight_.clear();
    const bool binned = distinct > most_distinct;
    const double per_unit = binned ? most_distinct / (last - first) : 0;
    double current = -1, sum = 0;
    sorted([&](double value, double weight) {
        const double bin = std::min<double>(most_distinct - 1, std::floor((value - first) * per_unit));
        if (binned ? bin != current : values_.empty() || values_.back() != value) {
            current = bin;
            sum = 0;
            values_.push_back(value);
            weight_.push_back(0);
        }
        weight_.back() += weight;
        sum += value * weight;
        if (binned) values_.back() = sum / weight_.back();
    });
}

void WeightedValues::accumulate() {
    const size_t n = values_.size();
    middle_ = values_.front() / 2 + values_.back() / 2;
    for (std::vector<double>* of : {&weights_, &sums_, &squares_}) of->assign(n + 1, 0.0);
    for (size_t i = 0; i < n; i++) {
        const double v = values_[i] - middle_, weighted = weight_[i] * v;
        weights_[i + 1] = weights_[i] + weight_[i];
        sums_[i + 1] = sums_[i] + weighted;
        squares_[i + 1] = squares_[i] + weighted * v;
    }
}

double WeightedValues::weight(int64_t from, int64_t to) const {
    return weights_[static_cast<size_t>(to)] - weights_[static_cast<size_t>(from)];
}

double WeightedValues::mean(int64_t from, int64_t to) const {
    return middle_ + (sums_[static_cast<size_t>(to)] - sums_[static_cast<size_t>(from)]) / weight(from, to);
}

}  // namespace octavo
