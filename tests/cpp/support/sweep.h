// Randomized sweeps that can be repeated case by case, and that fail when they ran nothing.
#ifndef OCTAVO_TESTS_SUPPORT_SWEEP_H
#define OCTAVO_TESTS_SUPPORT_SWEEP_H

#include <errno.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace octavo::test {

// Random numbers of one case. The engine is the standard's mt19937_64 and the mappings are written here, so a seed means the same
// numbers with every standard library.
class Random {
public:
    explicit Random(uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15u + 1) {}

    uint64_t bits() { return engine_(); }
    // Uniform in [low, high].
    int64_t integer(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(bits() % static_cast<uint64_t>(high - low + 1));
    }
    bool chance(double probability) { return real() < probability; }
    // Uniform in [0, 1).
    double real() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
    float real(float low, float high) { return low + static_cast<float>(real()) * (high - low); }
    // Sum of twelve uniform numbers: mean 0, deviation 1, at most 6.
    float normal() {
        double sum = -6;
        for (int i = 0; i < 12; i++) sum += real();
        return static_cast<float>(sum);
    }
    template <class T>
    T pick(std::initializer_list<T> choices) {
        return choices.begin()[bits() % choices.size()];
    }
    template <class T>
    T pick(const std::vector<T>& choices) {
        return choices[bits() % choices.size()];
    }
    // A size around a tile: 1, small, the tile's multiples and their neighbours, a prime.
    int64_t size_around(int64_t tile, int64_t most) {
        int64_t size = 1;
        switch (integer(0, 5)) {
            case 0:
                size = 1;
                break;
            case 1:
                size = integer(1, 8);
                break;
            case 2:
                size = tile * integer(1, 3);
                break;
            case 3:
                size = tile * integer(1, 3) + integer(-1, 1);
                break;
            case 4:
                size = pick({2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 61, 67, 97, 127});
                break;
            default:
                size = integer(1, most);
                break;
        }
        return size < 1 ? 1 : size > most ? most : size;
    }
    // Quantized activations or weights in [low, high]: all at an end, ends mixed, or uniform.
    template <class T>
    std::vector<T> codes(size_t count, int low, int high, bool extreme) {
        std::vector<T> values(count);
        const int kind = extreme ? static_cast<int>(integer(0, 2)) : 3;
        for (T& x : values) {
            x = static_cast<T>(kind == 0   ? high
                               : kind == 1 ? low
                               : kind == 2 ? (chance(0.5) ? low : high)
                                           : integer(low, high));
        }
        return values;
    }
    // 0, 1, 127, 128, 255 shifted to the range, or anything in it.
    int zero_point(int low, int high) {
        const int step = pick({0, 1, 127, 128, 255, -1});
        return step < 0 || low + step > high ? static_cast<int>(integer(low, high)) : low + step;
    }

private:
    std::mt19937_64 engine_;
};

// Runs `body(Random&)` for many seeds. Environment: OCTAVO_TEST_SEED (first seed, default 1), OCTAVO_TEST_CASE (run this case
// alone), OCTAVO_TEST_CASES (factor on the number of cases). A failing case ends the sweep and prints the line that repeats it.
// body returns false for a case that it did not run; a sweep in which nothing ran fails.
class Sweep {
public:
    explicit Sweep(int cases) : cases_(static_cast<int64_t>(cases * number("OCTAVO_TEST_CASES", 1.0))) {}

    template <class Body>
    void run(const Body& body) {
        const uint64_t seed = static_cast<uint64_t>(number("OCTAVO_TEST_SEED", 1));
        const int64_t only = static_cast<int64_t>(number("OCTAVO_TEST_CASE", -1));
        int64_t ran = 0;
        for (int64_t i = only < 0 ? 0 : only; i < (only < 0 ? cases_ : only + 1); i++) {
            Random random(seed * 1000003u + static_cast<uint64_t>(i));
            SCOPED_TRACE(replay(seed, i));
            if (body(random)) ran++;
            if (::testing::Test::HasFailure()) return;
        }
        if (ran == 0) ADD_FAILURE() << "the sweep ran no case";
    }

    static std::string replay(uint64_t seed, int64_t index) {
        const ::testing::TestInfo* info = ::testing::UnitTest::GetInstance()->current_test_info();
        const std::string name = info ? std::string(info->test_suite_name()) + "." + info->name() : "?";
        return "repeat with: OCTAVO_TEST_SEED=" + std::to_string(seed) + " OCTAVO_TEST_CASE=" + std::to_string(index) +
               " build/bin/" + program_invocation_short_name + " --gtest_filter=" + name;
    }

    // A number of the environment.
    static double number(const char* variable, double otherwise) {
        const char* text = std::getenv(variable);
        return text != nullptr && *text != 0 ? std::strtod(text, nullptr) : otherwise;
    }

private:
    int64_t cases_;
};

}  // namespace octavo::test

#endif
