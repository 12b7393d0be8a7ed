// Products of matrices against plain loops, of any shapes that are broadcast, on every instruction set and number of threads.
#include <gtest/gtest.h>

#include <cmath>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

struct Case {
    Tensor a, b, y;
    int64_t batch = 1;
};

Case random_case(Random& random, octavo_dtype dtype) {
    const auto size = [&] {
        return random.chance(0.1) ? random.integer(200, 420)
                                  : random.pick({1, 1, 2, 3, 5, 7, 12, 13, 16, 31, 33, 48, 65});
    };
    const int64_t m = size(), k = random.chance(0.1) ? random.integer(500, 800) : size(), n = size();
    const size_t rank = static_cast<size_t>(random.integer(2, 5));
    Dims outer(rank - 2);
    for (int64_t& d : outer) d = random.pick({1, 2, 3});
    const auto operand = [&](int64_t rows, int64_t columns, bool* whole) {
        Dims dims = outer;
        for (int64_t& d : dims)
            if (random.chance(0.25)) d = 1;
        if (!*whole && random.chance(0.4))
            dims.erase(dims.begin(), dims.begin() + random.integer(0, static_cast<int64_t>(dims.size())));
        *whole = dims.size() == outer.size();
        dims.insert(dims.end(), {rows, columns});
        return dims;
    };
    bool whole_a = random.chance(0.5), whole_b = !whole_a;
    const Dims a = operand(m, k, &whole_a), b = operand(k, n, &whole_b);
    Dims y(rank, 1);
    for (const Dims* x : {&a, &b})
        for (size_t d = 0; d + 2 < x->size(); d++) {
            int64_t& own = y[rank - x->size() + d];
            own = std::max(own, (*x)[d]);
        }
    y[rank - 2] = m;
    y[rank - 1] = n;
    // The batch is whose first dimension it is.
    const bool batch_a = whole_a && (a[0] == y[0]) && random.chance(0.6);
    const bool batch_b = whole_b && rank > 2 && (b[0] == y[0]) && random.chance(0.6);
    const bool other_a = !batch_a && whole_a && a[0] != 1, other_b = !batch_b && whole_b && rank > 2 && b[0] != 1;
    const bool batched = (batch_a || batch_b) && !(batch_b && other_a) && !(batch_a && other_b);
    Case c;
    c.a = tensor(dtype, a, batched && batch_a);
    c.b = tensor(dtype, b, batched && batch_b);
    c.y = tensor(dtype, y, batched);
    c.batch = batched ? y[0] : 1;
    return c;
}

// Calls body(place in y, element of a, element of b) for each product.
template <class T, class Body>
void each_product(Case& c, const Body& body) {
    const int64_t k = c.a.dims.back();
    const auto place = [](const Tensor& t, const Dims& at, int64_t row, int64_t column) {
        Dims own(at.end() - static_cast<int64_t>(t.dims.size()), at.end());
        for (size_t d = 0; d + 2 < own.size(); d++)
            if (t.dims[d] == 1) own[d] = 0;
        own[own.size() - 2] = row;
        own[own.size() - 1] = column;
        return t.place(own);
    };
    each_index(c.y.dims, [&](const Dims& at) {
        const int64_t row = at[at.size() - 2], column = at.back();
        const auto y = static_cast<size_t>(c.y.place(at));
        const int64_t a = place(c.a, at, row, 0), b = place(c.b, at, 0, column), step = c.b.dims.back();
        for (int64_t j = 0; j < k; j++) body(y, c.a.as<T>()[a + j], c.b.as<T>()[b + j * step]);
    });
}

template <class T, class Check>
void sweep(octavo_dtype dtype, const char* name, const Check& check) {
    Coverage coverage(name);
    Distrust distrust;
    Sweep(250).run([&](Random& random) {
        Case c = random_case(random, dtype);
        for (Tensor* t : {&c.a, &c.b}) {
            for (int64_t i = 0; i < product(t->dims); i++)
                t->as<T>()[i] = dtype == OCTAVO_F32 ? static_cast<T>(random.normal())
                                                    : static_cast<T>(random.integer(INT32_MIN, INT32_MAX));
            if (!t->value.batched && random.chance(0.2)) make_constant(t);
        }
        OpDesc d = operator_desc(OCTAVO_OP_MATMUL, {&c.a.value, &c.b.value}, c.y.value, Isa::scalar);
        std::vector<T> scalar;
        for (Isa isa : available_isas()) {
            d.isa = isa;
            const auto op = create_op(d);
            SCOPED_TRACE(op->kernel());
            for (int threads : {1, 3}) {
                const auto y = run_op<T>(*op, c.batch, threads, {c.a.run_time(), c.b.run_time()},
                                         static_cast<size_t>(product(c.y.dims)));
                if (scalar.empty()) scalar = y;
                EXPECT_TRUE(same_bits(y, scalar));
            }
            coverage.ran(isa);
        }
        distrust.saw(scalar);
        check(c, scalar);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(MatMul, OfFloats) {
    sweep<float>(OCTAVO_F32, "matmul f32", [](Case& c, const std::vector<float>& y) {
        std::vector<double> sums(y.size()), sizes(y.size());
        each_product<float>(c, [&](size_t i, double a, double b) {
            sums[i] += a * b;
            sizes[i] += std::fabs(a * b);
        });
        for (size_t i = 0; i < y.size(); i++)
            EXPECT_TRUE(close_sums(y[i], sums[i], static_cast<size_t>(c.a.dims.back()), sizes[i])) << i;
    });
}

TEST(MatMul, OfIntegersThatWrap) {
    sweep<int32_t>(OCTAVO_S32, "matmul s32", [](Case& c, const std::vector<int32_t>& y) {
        std::vector<uint32_t> sums(y.size());
        each_product<int32_t>(
            c, [&](size_t i, int32_t a, int32_t b) { sums[i] += static_cast<uint32_t>(a) * static_cast<uint32_t>(b); });
        for (size_t i = 0; i < y.size(); i++) EXPECT_EQ(static_cast<uint32_t>(y[i]), sums[i]) << i;
    });
}

TEST(MatMul, WhatIsNoNumberStaysInItsRowAndColumn) {
    Tensor a = tensor(OCTAVO_F32, {20, 40}, false), b = tensor(OCTAVO_F32, {40, 50}, false);
    for (int i = 0; i < 800; i++) a.as<float>()[i] = static_cast<float>(i % 5);
    for (int i = 0; i < 2000; i++) b.as<float>()[i] = 1;
    a.as<float>()[3 * 40 + 7] = std::nanf("");
    b.as<float>()[9 * 50 + 49] = HUGE_VALF;
    const Tensor y = tensor(OCTAVO_F32, {20, 50}, false);
    for (Isa isa : available_isas()) {
        const auto op = create_op(operator_desc(OCTAVO_OP_MATMUL, {&a.value, &b.value}, y.value, isa));
        const auto found = run_op<float>(*op, 1, 1, {a.data.data(), b.data.data()}, 1000);
        for (int i = 0; i < 1000; i++) EXPECT_EQ(std::isfinite(found[i]), i / 50 != 3 && i % 50 != 49) << i;
    }
}

std::string refusal(const Tensor& a, const Tensor& b, const Tensor& y) {
    try {
        create_op(operator_desc(OCTAVO_OP_MATMUL, {&a.value, &b.value}, y.value, Isa::scalar));
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(MatMul, RefusesWhatDoesNotFit) {
    const auto f32 = [](Dims dims, bool batched = false) { return tensor(OCTAVO_F32, std::move(dims), batched); };
    const auto says = [](const std::string& message, const char* part) {
        return message.find(part) != std::string::npos ? std::string() : message;
    };
    EXPECT_EQ(refusal(f32({2, 3}), f32({3, 4}), f32({2, 4})), "");
    EXPECT_EQ(says(refusal(f32({2, 3}), f32({4, 4}), f32({2, 4})), "has shape [4, 4], expected 3 rows"), "");
    EXPECT_EQ(says(refusal(f32({2, 3}), f32({3, 4}), f32({2, 5})), "has shape [2, 5], expected [2, 4]"), "");
    EXPECT_EQ(says(refusal(f32({3}), f32({3, 4}), f32({4})), "expected rank 2 or more"), "");
    EXPECT_EQ(says(refusal(f32({2, 2, 3}), f32({3, 3, 4}), f32({3, 2, 4})), "not broadcast to those of [3, 2, 4]"), "");
    EXPECT_EQ(says(refusal(f32({2, 3}), f32({3, 4}, true), f32({2, 4})), "expected 3 rows"), "");
    EXPECT_EQ(says(refusal(f32({2, 1}), f32({1, 4}, true), f32({2, 4})), "are the batch"), "");
    EXPECT_EQ(says(refusal(f32({2, 3}, true), f32({3, 4}), f32({2, 4})), "expected [N, 4]"), "");
    EXPECT_EQ(says(refusal(f32({2, 3}), tensor(OCTAVO_S32, {3, 4}, false), f32({2, 4})), "for all three can run"), "");
    EXPECT_EQ(says(refusal(f32({2, 3, 4, 5}), tensor(OCTAVO_F32, {2, 3, 5, 4}, false, OCTAVO_NHWC), f32({2, 3, 4, 4})),
                   "lies channels last"),
              "");
}

// Sizes that overflow are an error of the description, not of a run.
TEST(MatMul, SizesThatOverflow) {
    const auto value = [](Dims dims) {
        Value v;
        v.name = "huge";
        v.batched = false;
        v.dims = std::move(dims);
        return v;
    };
    const int64_t big = int64_t{1} << 31;
    const Value a = value({big, big / 2}), b = value({big / 2, 4}), y = value({big, 4});
    const Value c = value({big / 2, big / 2}), z = value({big, big / 2});
    for (const auto& [right, result] : {std::pair(&b, &y), std::pair(&c, &z)}) {
        try {
            create_op(operator_desc(OCTAVO_OP_MATMUL, {&a, right}, *result, Isa::scalar));
            ADD_FAILURE() << "accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), OCTAVO_OUT_OF_MEMORY) << error.what();
        }
    }
}

}  // namespace
}  // namespace octavo::test
