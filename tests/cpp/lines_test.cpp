// Arg-max and -min, the k greatest, cumulative sums: along any axis of any shapes and layouts, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/agree.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

struct Case {
    Tensor x;
    int axis;
    int64_t batch = 1;

    Case(Random& random, octavo_dtype dtype, bool plain = false) {
        const size_t rank = static_cast<size_t>(random.integer(2, 5));
        Dims dims = random_dims(random, rank);
        const bool batched = random.chance(0.6);
        if (random.chance(0.03)) dims[rank - 1] = random.integer(3000, 6000);  // for several threads
        if (batched) batch = dims[0] = random.integer(1, 4);
        x = tensor(dtype, dims, batched, plain ? OCTAVO_PLAIN : random_layout(random, rank));
        axis = static_cast<int>(random.integer(batched ? 1 : 0, static_cast<int64_t>(rank) - 1));
    }

    // Calls body(at) for each line, at[axis] = 0.
    template <class Body>
    void each_line(const Body& body) const {
        Dims outer = x.dims;
        outer[axis] = 1;
        each_index(outer, body);
    }
    template <class T>
    std::vector<T> line(Dims at) {
        std::vector<T> elements;
        for (at[axis] = 0; at[axis] < x.dims[axis]; at[axis]++) elements.push_back(x.as<T>()[x.place(at)]);
        return elements;
    }
};

template <class T>
void fill(Random& random, Tensor* t) {
    for (int64_t i = 0; i < product(t->dims); i++) {
        t->as<T>()[i] = static_cast<T>(random.integer(-20, 20));
        if constexpr (std::is_same_v<T, float>)
            if (random.chance(0.03)) t->as<T>()[i] = std::nanf("");
    }
}

// NaN above all.
template <class T>
bool above(T a, T b) {
    if constexpr (std::is_same_v<T, float>)
        if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
    return a > b;
}

template <class T>
void arg(octavo_dtype dtype) {
    Sweep(100).run([&](Random& random) {
        const bool keep = random.chance(0.5);
        Case c(random, dtype, !keep);
        fill<T>(random, &c.x);
        Dims dims = c.x.dims;
        dims[c.axis] = 1;
        if (!keep) dims.erase(dims.begin() + c.axis);
        const Tensor y = tensor(OCTAVO_S64, dims, c.x.value.batched, keep ? c.x.value.layout : OCTAVO_PLAIN);
        OpDesc d = operator_desc(OCTAVO_OP_ARG_REDUCE, {&c.x.value}, y.value, Isa::scalar);
        d.attributes.axis = c.axis;
        d.attributes.greatest = random.chance(0.5);
        d.attributes.last = random.chance(0.5);
        const auto op = create_op(d);
        for (int threads : {1, 3}) {
            const auto found =
                run_op<int64_t>(*op, c.batch, threads, {c.x.data.data()}, static_cast<size_t>(product(dims)));
            c.each_line([&](const Dims& at) {
                const std::vector<T> line = c.template line<T>(at);
                size_t best = 0;
                for (size_t i = 1; i < line.size(); i++) {
                    const bool better = d.attributes.greatest ? above(line[i], line[best]) : above(line[best], line[i]);
                    const bool equal = !above(line[i], line[best]) && !above(line[best], line[i]);
                    if (better || (equal && d.attributes.last)) best = i;
                }
                Dims to = at;
                if (!keep) to.erase(to.begin() + c.axis);
                EXPECT_EQ(found[static_cast<size_t>(y.place(to))], static_cast<int64_t>(best)) << op->kernel();
            });
        }
        return true;
    });
}

TEST(ArgReduce, EveryType) {
    arg<float>(OCTAVO_F32);
    arg<uint8_t>(OCTAVO_U8);
    arg<int8_t>(OCTAVO_S8);
    arg<int32_t>(OCTAVO_S32);
    arg<int64_t>(OCTAVO_S64);
}

template <class T>
void top_k(octavo_dtype dtype) {
    Sweep(100).run([&](Random& random) {
        Case c(random, dtype);
        fill<T>(random, &c.x);
        Dims dims = c.x.dims;
        dims[c.axis] = random.integer(1, std::min<int64_t>(dims[c.axis], 20));
        const Tensor values = tensor(dtype, dims, c.x.value.batched, c.x.value.layout);
        const Tensor indices = tensor(OCTAVO_S64, dims, c.x.value.batched, c.x.value.layout);
        OpDesc d = operator_desc(OCTAVO_OP_TOP_K, {&c.x.value}, values.value, Isa::scalar);
        const bool with_values = random.chance(0.7), with_indices = !with_values || random.chance(0.7);
        d.outputs = {with_values ? &values.value : nullptr, with_indices ? &indices.value : nullptr};
        d.attributes.axis = c.axis;
        d.attributes.greatest = random.chance(0.5);
        const auto op = create_op(d);
        const size_t size = static_cast<size_t>(product(dims));
        for (int threads : {1, 3}) {
            GuardedBuffer<T> v(size);
            GuardedBuffer<int64_t> i(size);
            std::vector<std::byte> scratch(op->scratch_bytes(c.batch, threads) + 64);
            void* aligned = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
            const void* inputs[] = {c.x.data.data()};
            void* outputs[] = {with_values ? v.data() : nullptr, with_indices ? i.data() : nullptr};
            op->run({c.batch, inputs, outputs, aligned, threads});
            c.each_line([&](Dims at) {
                const std::vector<T> line = c.template line<T>(at);
                std::vector<int64_t> order(line.size());
                std::iota(order.begin(), order.end(), 0);
                std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
                    return d.attributes.greatest ? above(line[a], line[b]) : above(line[b], line[a]);
                });
                for (at[c.axis] = 0; at[c.axis] < dims[c.axis]; at[c.axis]++) {
                    const int64_t expected = order[static_cast<size_t>(at[c.axis])];
                    const auto place = static_cast<size_t>(values.place(at));
                    if (with_indices) {
                        EXPECT_EQ(i[place], expected);
                    }
                    if (with_values) {
                        EXPECT_TRUE(same_bits(&v[place], &line[static_cast<size_t>(expected)], 1));
                    }
                }
            });
        }
        return true;
    });
}

TEST(TopK, EveryType) {
    top_k<float>(OCTAVO_F32);
    top_k<uint8_t>(OCTAVO_U8);
    top_k<int8_t>(OCTAVO_S8);
    top_k<int32_t>(OCTAVO_S32);
    top_k<int64_t>(OCTAVO_S64);
}

template <class T, class Sum>
void cum_sum(octavo_dtype dtype) {
    Sweep(100).run([&](Random& random) {
        Case c(random, dtype);
        for (int64_t i = 0; i < product(c.x.dims); i++) c.x.as<T>()[i] = static_cast<T>(random.integer(-100, 100));
        OpDesc d = operator_desc(OCTAVO_OP_CUM_SUM, {&c.x.value}, c.x.value, Isa::scalar);
        d.attributes.axis = c.axis;
        d.attributes.exclusive = random.chance(0.5);
        d.attributes.reverse = random.chance(0.5);
        const auto op = create_op(d);
        for (int threads : {1, 3}) {
            const auto found =
                run_op<T>(*op, c.batch, threads, {c.x.data.data()}, static_cast<size_t>(product(c.x.dims)));
            c.each_line([&](Dims at) {
                const std::vector<T> line = c.template line<T>(at);
                Sum sum = 0;
                const int64_t n = c.x.dims[c.axis];
                for (int64_t i = 0; i < n; i++) {
                    at[c.axis] = d.attributes.reverse ? n - 1 - i : i;
                    const Sum with = sum + static_cast<Sum>(line[static_cast<size_t>(at[c.axis])]);
                    EXPECT_EQ(found[static_cast<size_t>(c.x.place(at))],
                              static_cast<T>(d.attributes.exclusive ? sum : with));
                    sum = with;
                }
            });
        }
        return true;
    });
}

TEST(CumSum, EveryType) {
    cum_sum<float, double>(OCTAVO_F32);
    cum_sum<uint8_t, uint64_t>(OCTAVO_U8);
    cum_sum<int8_t, int64_t>(OCTAVO_S8);
    cum_sum<int32_t, int64_t>(OCTAVO_S32);
    cum_sum<int64_t, int64_t>(OCTAVO_S64);
}

std::string refusal(const OpDesc& desc) {
    try {
        create_op(desc);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Lines, RefuseWhatDoesNotFit) {
    const Tensor x = tensor(OCTAVO_F32, {2, 3, 4}, true), row = tensor(OCTAVO_S64, {2, 3}, true);
    const auto message = [&](octavo_op_kind kind, int axis, const Tensor& y) {
        OpDesc d = operator_desc(kind, {&x.value}, y.value, Isa::scalar);
        d.attributes.axis = axis;
        return refusal(d);
    };
    EXPECT_EQ(message(OCTAVO_OP_ARG_REDUCE, 2, row), "");
    for (octavo_op_kind kind : {OCTAVO_OP_ARG_REDUCE, OCTAVO_OP_TOP_K, OCTAVO_OP_CUM_SUM})
        EXPECT_NE(message(kind, 0, x).find("along axis 0, the batch of \"t\""), std::string::npos);
    EXPECT_NE(message(OCTAVO_OP_ARG_REDUCE, 2, tensor(OCTAVO_F32, {2, 3}, true)).find("is f32, expected s64"),
              std::string::npos);
    EXPECT_NE(message(OCTAVO_OP_ARG_REDUCE, 1, row).find("has shape [N, 3]"), std::string::npos);
    EXPECT_NE(message(OCTAVO_OP_TOP_K, 2, tensor(OCTAVO_F32, {2, 3, 5}, true)).find("with k of at most 4"),
              std::string::npos);
}

}  // namespace
}  // namespace octavo::test
