// How results are compared, and when a comparison proves nothing.
#ifndef OCTAVO_TESTS_SUPPORT_AGREE_H
#define OCTAVO_TESTS_SUPPORT_AGREE_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace octavo::test {

// Bit equality of two arrays, floats included (NaN equals the same NaN); the message names the first difference and their number.
template <class T>
::testing::AssertionResult same_bits(const T* actual, const T* expected, size_t count) {
    size_t different = 0, first = 0;
    for (size_t i = 0; i < count; i++) {
        if (std::memcmp(actual + i, expected + i, sizeof(T)) != 0) {
            if (different == 0) first = i;
            different++;
        }
    }
    if (different == 0) return ::testing::AssertionSuccess();
    std::ostringstream text;
    text << different << " of " << count << " differ, first at " << first << ": " << +actual[first] << " instead of "
         << +expected[first];
    return ::testing::AssertionFailure() << text.str();
}

template <class A, class B>
::testing::AssertionResult same_bits(const A& actual, const B& expected) {
    if (actual.size() != expected.size()) {
        return ::testing::AssertionFailure() << actual.size() << " elements instead of " << expected.size();
    }
    return same_bits(actual.data(), expected.data(), actual.size());
}

// Float results of a sum of `terms` products in another order of additions: |error| <= terms * 2^-23 * sum of |products|, the
// usual bound (n-1)u with the rounding of the products included and a factor of two to spare.
inline ::testing::AssertionResult close_sums(float actual, double expected, size_t terms, double magnitude) {
    const double bound = static_cast<double>(terms + 2) * 0x1p-23 * magnitude;
    if (std::fabs(static_cast<double>(actual) - expected) <= bound) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << actual << " instead of " << expected << ", bound " << bound;
}

// Distrust of easy passes: true if one value makes up more than nine tenths of 64 or more results.
template <class A>
bool mostly_constant(const A& values) {
    if (values.size() < 64) return false;
    std::map<std::string, size_t> counts;
    size_t most = 0;
    for (const auto& x : values) {
        const size_t n = ++counts[std::string(reinterpret_cast<const char*>(&x), sizeof x)];
        if (n > most) most = n;
    }
    return most * 10 > values.size() * 9;
}

// Counts over a sweep how many comparisons were of mostly constant results; most of them must not be.
class Distrust {
public:
    template <class A>
    void saw(const A& values) {
        if (values.size() < 64) return;
        seen_++;
        if (mostly_constant(values)) constant_++;
    }
    ::testing::AssertionResult trust() const {
        if (constant_ * 2 <= seen_) return ::testing::AssertionSuccess();
        return ::testing::AssertionFailure() << constant_ << " of " << seen_ << " results were mostly one value";
    }

private:
    size_t seen_ = 0, constant_ = 0;
};

}  // namespace octavo::test

#endif
