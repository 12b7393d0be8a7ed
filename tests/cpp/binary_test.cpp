// Functions of two operands, comparisons, choices and casts: random shapes that broadcast, in any layouts, batched or not, against plain
// loops over logical indices; every instruction set, several threads.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/golden.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Operands that broadcast to the result.
struct Shapes {
    Tensor y;
    std::vector<Tensor> x;
    int64_t batch = 1;

    Shapes(Random& random, const std::vector<octavo_dtype>& inputs, octavo_dtype output) {
        const size_t rank = static_cast<size_t>(random.integer(0, 6));
        Dims dims = random_dims(random, rank);
        const bool batched = rank > 0 && random.chance(0.6);
        if (random.chance(0.02) && rank > 1) dims[rank - 2] = random.integer(500, 2000);  // for several threads
        if (batched) batch = dims[0] = random.integer(1, 4);
        y = tensor(output, dims, batched, random_layout(random, rank));
        std::vector<bool> reached(rank, false);
        for (size_t i = 0; i < inputs.size(); i++) {
            const bool with_batch = batched && random.chance(0.7);
            const bool short_rank = !with_batch && random.chance(0.3);
            Dims own(dims.begin() + (short_rank ? random.integer(batched ? 1 : 0, static_cast<int64_t>(rank)) : 0),
                     dims.end());
            const size_t missing = rank - own.size();
            for (size_t d = 0; d < own.size(); d++) {
                const bool is_batch = d + missing == 0 && batched;
                if (is_batch ? !with_batch : random.chance(0.3)) own[d] = 1;
            }
            x.push_back(tensor(inputs[i], own, with_batch, random_layout(random, own.size())));
            x.back().value.name = "x" + std::to_string(i);
        }
        // The last operand has whatever the others lack.
        for (size_t d = batched ? 1 : 0; d < rank; d++) {
            bool seen = false;
            for (const Tensor& t : x) {
                const size_t missing = rank - t.dims.size();
                seen = seen || (d >= missing && t.dims[d - missing] == dims[d]);
            }
            if (!seen) y.dims[d] = y.value.dims[d] = 1;
        }
        for (Tensor& t : x) {
            const size_t missing = rank - t.dims.size();
            for (size_t d = 0; d < t.dims.size(); d++) {
                if (t.dims[d] != y.dims[missing + d] && t.dims[d] != 1) std::abort();
            }
        }
        y.data.resize(static_cast<size_t>(product(y.dims)) * y.value.element_bytes());
    }

    void make_some_constant(Random& random) {
        for (Tensor& t : x)
            if (!t.value.batched && random.chance(0.5)) make_constant(&t);
    }

    std::vector<const Value*> values() const {
        std::vector<const Value*> all;
        for (const Tensor& t : x) all.push_back(&t.value);
        return all;
    }
    std::vector<const void*> memory() const {
        std::vector<const void*> all;
        for (const Tensor& t : x) all.push_back(t.run_time());
        return all;
    }
};

// f(places in the operands) for each element of y, in the order of memory.
template <class T, class F>
std::vector<T> expected(const Shapes& shapes, const F& f) {
    std::vector<T> y(static_cast<size_t>(product(shapes.y.dims)));
    each_index(shapes.y.dims, [&](const Dims& at) {
        int64_t places[3] = {};
        for (size_t i = 0; i < shapes.x.size(); i++) places[i] = shapes.x[i].broadcast_place(at);
        y[static_cast<size_t>(shapes.y.place(at))] = f(places);
    });
    return y;
}

template <class T>
void check(Random& random, const Shapes& shapes, OpDesc desc, const std::vector<T>& y, Coverage& coverage) {
    for (Isa isa : available_isas()) {
        desc.isa = isa;
        const auto op = create_op(desc);
        SCOPED_TRACE(op->kernel() + " " + shapes.y.value.shape_text());
        EXPECT_FALSE(op->couples_batch());
        for (int threads : {1, 3}) {
            const Guard guard = random.pick({Guard::after, Guard::before});
            ASSERT_TRUE(same_bits(run_op<T>(*op, shapes.batch, threads, shapes.memory(), y.size(), guard), y));
        }
        coverage.ran(isa);
    }
}

template <class T>
void fill(Random& random, Tensor* t, int low, int high) {
    for (int64_t i = 0; i < product(t->dims); i++) t->as<T>()[i] = static_cast<T>(random.integer(low, high));
}

TEST(Binary, FloatsOfAnyShapesAndLayouts) {
    Coverage coverage("binary f32");
    Sweep(500).run([&](Random& random) {
        Shapes shapes(random, {OCTAVO_F32, OCTAVO_F32}, OCTAVO_F32);
        for (Tensor& t : shapes.x) fill<float>(random, &t, -30, 30);
        shapes.make_some_constant(random);
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, shapes.values(), shapes.y.value, Isa::scalar);
        const int function = random.pick({OCTAVO_BINARY_ADD, OCTAVO_BINARY_SUB, OCTAVO_BINARY_MUL, OCTAVO_BINARY_DIV,
                                          OCTAVO_BINARY_MIN, OCTAVO_BINARY_MAX, OCTAVO_BINARY_PRELU});
        desc.attributes.function = function;
        const float *a = shapes.x[0].as<float>(), *b = shapes.x[1].as<float>();
        for (int64_t i = 0; function == OCTAVO_BINARY_DIV && i < product(shapes.x[1].dims); i++)
            shapes.x[1].as<float>()[i] += 31;
        if (shapes.x[1].value.role == OCTAVO_CONSTANT) make_constant(&shapes.x[1]);
        check(random, shapes, desc,
              expected<float>(shapes,
                              [&](const int64_t* p) {
                                  const float x = a[p[0]], w = b[p[1]];
                                  switch (function) {
                                      case OCTAVO_BINARY_ADD:
                                          return x + w;
                                      case OCTAVO_BINARY_SUB:
                                          return x - w;
                                      case OCTAVO_BINARY_MUL:
                                          return x * w;
                                      case OCTAVO_BINARY_DIV:
                                          return x / w;
                                      case OCTAVO_BINARY_MIN:
                                          return x < w ? x : w;
                                      case OCTAVO_BINARY_MAX:
                                          return x > w ? x : w;
                                      default:
                                          return x < 0 ? x * w : x;
                                  }
                              }),
              coverage);
        return true;
    });
}

TEST(Binary, FloatsAtTheEdges) {
    const float nan = std::nanf("");
    const std::vector<float> a = {nan, 1, infinity, -infinity, -0.0f, 5, -5, 5.5f, -8, 2, 0, -7};
    const std::vector<float> b = {1, nan, 1, 1, 1, 3, 3, -2, 1 / 3.0f, 0.5f, 0, -2};
    const Value x = float_value({1, 12});
    for (Isa isa : available_isas()) {
        const auto of = [&](int function) {
            OpDesc desc = operator_desc(OCTAVO_OP_BINARY, {&x, &x}, x, isa);
            desc.attributes.function = function;
            return run_op<float>(*create_op(desc), 1, 1, {a.data(), b.data()}, a.size());
        };
        for (int function : {OCTAVO_BINARY_MIN, OCTAVO_BINARY_MAX}) {
            const std::vector<float> y = of(function);
            EXPECT_TRUE(std::isnan(y[0]));
            EXPECT_TRUE(std::isnan(y[1]));
            EXPECT_EQ(y[2], function == OCTAVO_BINARY_MIN ? 1 : infinity);
            EXPECT_EQ(y[3], function == OCTAVO_BINARY_MIN ? -infinity : 1);
        }
        const std::vector<float> mod = of(OCTAVO_BINARY_MOD), fmod = of(OCTAVO_BINARY_FMOD),
                                 pow = of(OCTAVO_BINARY_POW);
        EXPECT_EQ(mod[5], 2);
        EXPECT_EQ(mod[6], 1);
        EXPECT_EQ(mod[7], -0.5f);
        EXPECT_EQ(mod[11], -1);
        EXPECT_EQ(fmod[5], 2);
        EXPECT_EQ(fmod[6], -2);
        EXPECT_EQ(fmod[7], 1.5f);
        EXPECT_TRUE(std::isnan(fmod[10]));
        EXPECT_EQ(pow[5], 125);
        EXPECT_TRUE(std::isnan(pow[8]));
        EXPECT_NEAR(pow[9], std::sqrt(2.0f), 1e-6);
    }
}

TEST(Binary, ASquareIsAProduct) {
    const Value x = float_value({1, 5}), two = constant<float>(OCTAVO_F32, {1}, {2});
    const std::vector<float> a = {-3, 0.1f, 1e20f, 0, 7};
    for (Isa isa : available_isas()) {
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, {&x, &two}, x, isa);
        desc.attributes.function = OCTAVO_BINARY_POW;
        const auto op = create_op(desc);
        EXPECT_EQ(op->kernel().find("binary_square_f32_"), 0u);
        const std::vector<float> y = run_op<float>(*op, 1, 1, {a.data(), nullptr}, 5);
        for (size_t i = 0; i < 5; i++) EXPECT_EQ(y[i], a[i] * a[i]);
    }
}

// In arbitrary precision enough for 64 bits.
template <class T>
T of_integers(int function, T a, T b) {
    const auto wrap = [](__int128 v) { return static_cast<T>(static_cast<int64_t>(static_cast<uint64_t>(v))); };
    const __int128 x = a, w = b;
    switch (function) {
        case OCTAVO_BINARY_ADD:
            return wrap(x + w);
        case OCTAVO_BINARY_SUB:
            return wrap(x - w);
        case OCTAVO_BINARY_MUL:
            return wrap(x * w);
        case OCTAVO_BINARY_DIV:
            return w == 0 ? T{0} : wrap(x / w);
        case OCTAVO_BINARY_POW: {
            if (w < 0) return static_cast<T>(x == 1 ? 1 : x == -1 ? (w % 2 == 0 ? 1 : -1) : 0);
            uint64_t power = 1;
            for (__int128 i = 0; i < w; i++) power *= static_cast<uint64_t>(static_cast<int64_t>(a));
            return static_cast<T>(power);
        }
        case OCTAVO_BINARY_MIN:
            return a < b ? a : b;
        case OCTAVO_BINARY_MAX:
            return a > b ? a : b;
        case OCTAVO_BINARY_MOD: {
            if (w == 0) return T{0};
            __int128 rest = x % w;
            if (rest != 0 && (rest < 0) != (w < 0)) rest += w;
            return wrap(rest);
        }
        case OCTAVO_BINARY_FMOD:
            return w == 0 ? T{0} : wrap(x % w);
        default:
            return a < 0 ? wrap(x * w) : a;
    }
}

template <class T>
void integers(octavo_dtype dtype) {
    Coverage coverage("binary integers");
    Sweep(150).run([&](Random& random) {
        Shapes shapes(random, {dtype, dtype}, dtype);
        const int function = static_cast<int>(random.integer(OCTAVO_BINARY_ADD, OCTAVO_BINARY_PRELU));
        for (int i = 0; i < 2; i++) {
            fill<T>(random, &shapes.x[i], -100, 100);
            for (int64_t j = 0; j < product(shapes.x[i].dims); j++) {
                if (random.chance(0.1) && (i == 0 || function != OCTAVO_BINARY_POW))
                    shapes.x[i].as<T>()[j] = random.pick(
                        {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{0}, static_cast<T>(-1)});
            }
        }
        shapes.make_some_constant(random);
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, shapes.values(), shapes.y.value, Isa::scalar);
        desc.attributes.function = function;
        const T *a = shapes.x[0].as<T>(), *b = shapes.x[1].as<T>();
        check(random, shapes, desc,
              expected<T>(shapes, [&](const int64_t* p) { return of_integers<T>(function, a[p[0]], b[p[1]]); }),
              coverage);
        return true;
    });
}

TEST(Binary, IntegersWrap) {
    integers<uint8_t>(OCTAVO_U8);
    integers<int8_t>(OCTAVO_S8);
    integers<int32_t>(OCTAVO_S32);
    integers<int64_t>(OCTAVO_S64);
}

TEST(Binary, Truth) {
    Coverage coverage("binary bool");
    Sweep(100).run([&](Random& random) {
        Shapes shapes(random, {OCTAVO_BOOL, OCTAVO_BOOL}, OCTAVO_BOOL);
        for (Tensor& t : shapes.x) fill<uint8_t>(random, &t, 0, 1);
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, shapes.values(), shapes.y.value, Isa::scalar);
        const int function = random.pick({OCTAVO_BINARY_AND, OCTAVO_BINARY_OR, OCTAVO_BINARY_XOR});
        desc.attributes.function = function;
        const uint8_t *a = shapes.x[0].as<uint8_t>(), *b = shapes.x[1].as<uint8_t>();
        check(random, shapes, desc,
              expected<uint8_t>(shapes,
                                [&](const int64_t* p) {
                                    const bool x = a[p[0]], w = b[p[1]];
                                    return static_cast<uint8_t>(function == OCTAVO_BINARY_AND  ? x && w
                                                                : function == OCTAVO_BINARY_OR ? x || w
                                                                                               : x != w);
                                }),
              coverage);
        return true;
    });
}

void quantize_randomly(Random& random, Value* value, float low, float high) {
    const int least = value->dtype == OCTAVO_S8 ? -128 : 0;
    value->scales = {random.real(low, high)};
    value->zero_points = {random.zero_point(least, least + 255)};
    value->code_min = least;
    value->code_max = least + 255;
    if (random.chance(0.2)) {
        value->code_min = least + 20;
        value->code_max = least + 200;
    }
}

// The formulas of octavo.h, each operation rounded to float by itself.
int of_codes(int function, bool one_type, int qa, const Value& a, int qb, const Value& b, const Value& y) {
    const float sa = a.scales[0], sb = b.scales[0], inverse = 1.0f / y.scales[0];
    const int za = a.zero_points[0], zb = b.zero_points[0], zy = y.zero_points[0];
    double code;
    if (one_type && (function == OCTAVO_BINARY_ADD || function == OCTAVO_BINARY_SUB)) {
        const volatile float shift_a = sa * static_cast<float>(-za), shift_b = sb * static_cast<float>(-zb);
        const volatile float ca = std::fmaf(sa, static_cast<float>(qa), shift_a);
        const volatile float cb = std::fmaf(sb, static_cast<float>(qb), shift_b);
        const volatile float c = function == OCTAVO_BINARY_ADD ? ca + cb : ca - cb;
        code = std::nearbyint(static_cast<double>(c * inverse)) + zy;
    } else if (one_type && function == OCTAVO_BINARY_MUL) {
        const volatile float scale = sa * sb;
        const volatile float multiplier = scale * inverse;
        code = std::nearbyint(static_cast<double>(static_cast<float>((qa - za) * (qb - zb)) * multiplier)) + zy;
    } else {
        const volatile float x = static_cast<float>(qa - za) * sa, w = static_cast<float>(qb - zb) * sb;
        const volatile float c = function == OCTAVO_BINARY_ADD   ? x + w
                                 : function == OCTAVO_BINARY_SUB ? x - w
                                 : function == OCTAVO_BINARY_MUL ? x * w
                                 : function == OCTAVO_BINARY_DIV ? x / w
                                 : function == OCTAVO_BINARY_MIN ? std::fmin(float{x}, float{w})
                                 : function == OCTAVO_BINARY_MAX ? std::fmax(float{x}, float{w})
                                                                 : (x < 0 ? x * w : x);
        const float steps = std::fmaf(c, inverse, static_cast<float>(zy));
        code = c != c ? zy : std::nearbyint(std::min(std::max(steps, -1e6f), 1e6f));
    }
    return static_cast<int>(std::min(std::max(code, y.code_min + 0.0), y.code_max + 0.0));
}

TEST(Binary, CodesOfAnyShapesAndLayouts) {
    Coverage coverage("binary codes");
    Sweep(500).run([&](Random& random) {
        const auto type = [&] { return random.pick({OCTAVO_U8, OCTAVO_S8}); };
        const octavo_dtype first = type();
        const bool one_type = random.chance(0.8);
        const octavo_dtype second = one_type ? first : type(), third = one_type ? first : type();
        Shapes shapes(random, {first, second}, third);
        for (Tensor& t : shapes.x) {
            quantize_randomly(random, &t.value, 0.01f, 0.1f);
            for (int64_t i = 0; i < product(t.dims); i++)
                t.as<uint8_t>()[i] = static_cast<uint8_t>(random.integer(0, 255));
        }
        quantize_randomly(random, &shapes.y.value, 0.01f, 0.5f);
        if (random.chance(0.05)) shapes.y.value.scales[0] = random.pick({1e-9f, 1e-30f, 1e-40f});
        shapes.make_some_constant(random);
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, shapes.values(), shapes.y.value, Isa::scalar);
        const int function =
            random.pick({OCTAVO_BINARY_ADD, OCTAVO_BINARY_SUB, OCTAVO_BINARY_MUL, OCTAVO_BINARY_MUL, OCTAVO_BINARY_DIV,
                         OCTAVO_BINARY_MIN, OCTAVO_BINARY_MAX, OCTAVO_BINARY_PRELU});
        desc.attributes.function = function;
        const auto code = [&](int i, int64_t place) {
            const uint8_t byte = shapes.x[i].as<uint8_t>()[place];
            return shapes.x[i].value.dtype == OCTAVO_S8 ? static_cast<int8_t>(byte) : int{byte};
        };
        const bool same = first == second && second == third;
        // Beyond what floats hold the order of operations decides; a result of 0 stays 0.
        if (shapes.y.value.scales[0] < 1e-35f && function != OCTAVO_BINARY_MUL) return false;
        const auto y = expected<uint8_t>(shapes, [&](const int64_t* p) {
            const int qa = code(0, p[0]), qb = code(1, p[1]);
            const Value &a = shapes.x[0].value, &b = shapes.x[1].value;
            if (shapes.y.value.scales[0] < 1e-35f && (qa == a.zero_points[0] || qb == b.zero_points[0]))
                return static_cast<uint8_t>(std::min(std::max(shapes.y.value.zero_points[0], shapes.y.value.code_min),
                                                     shapes.y.value.code_max));
            return static_cast<uint8_t>(of_codes(function, same, qa, a, qb, b, shapes.y.value));
        });
        check(random, shapes, desc, y, coverage);
        return true;
    });
}

TEST(Binary, MulIsPytorchs) {
    Coverage coverage("mul golden");
    // The larger files have these cases among others.
    const Golden golden(std::getenv("OCTAVO_GOLDEN") != nullptr ? "ops" : "mul");
    for (const Json& c : golden.cases()) {
        if (c["name"].string.rfind("mul/", 0) != 0) continue;
        SCOPED_TRACE(c["name"].string);
        const Json& p = c["params"];
        const GoldenTensor a = golden.tensor(c["inputs"]["a"]), b = golden.tensor(c["inputs"]["b"]);
        const GoldenTensor expected = golden.tensor(c["expected"]["y"]);
        const Value x = activation(OCTAVO_U8, a.shape, p["a_scale"].real(), p["a_zero_point"].integer());
        const Value with = activation(OCTAVO_U8, b.shape, p["b_scale"].real(), p["b_zero_point"].integer());
        const Value y = activation(OCTAVO_U8, expected.shape, p["out_scale"].real(), p["out_zero_point"].integer());
        const GuardedBuffer<uint8_t> first(a.as<uint8_t>()), second(b.as<uint8_t>());
        for (Isa isa : available_isas()) {
            OpDesc desc = operator_desc(OCTAVO_OP_BINARY, {&x, &with}, y, isa);
            desc.attributes.function = OCTAVO_BINARY_MUL;
            const auto found =
                run_op<uint8_t>(*create_op(desc), a.shape[0], 1, {first.data(), second.data()}, expected.size);
            ASSERT_TRUE(same_bits(found, expected.as<uint8_t>())) << isa_name(isa);
            coverage.ran(isa);
        }
    }
}

template <class T>
void compare(octavo_dtype dtype) {
    Coverage coverage("compare");
    Sweep(150).run([&](Random& random) {
        Shapes shapes(random, {dtype, dtype}, OCTAVO_BOOL);
        for (Tensor& t : shapes.x) fill<T>(random, &t, 0, 3);
        if constexpr (std::is_same_v<T, float>) shapes.x[0].as<T>()[0] = std::nanf("");
        shapes.make_some_constant(random);
        OpDesc desc = operator_desc(OCTAVO_OP_COMPARE, shapes.values(), shapes.y.value, Isa::scalar);
        const int relation = static_cast<int>(random.integer(0, OCTAVO_RELATION_GREATER_OR_EQUAL));
        desc.attributes.function = relation;
        const T *a = shapes.x[0].as<T>(), *b = shapes.x[1].as<T>();
        check(random, shapes, desc,
              expected<uint8_t>(shapes,
                                [&](const int64_t* p) {
                                    const T x = a[p[0]], w = b[p[1]];
                                    return static_cast<uint8_t>(relation == OCTAVO_RELATION_EQUAL           ? x == w
                                                                : relation == OCTAVO_RELATION_LESS          ? x < w
                                                                : relation == OCTAVO_RELATION_LESS_OR_EQUAL ? x <= w
                                                                : relation == OCTAVO_RELATION_GREATER       ? x > w
                                                                                                            : x >= w);
                                }),
              coverage);
        return true;
    });
}

TEST(Compare, EveryTypeAndRelation) {
    compare<float>(OCTAVO_F32);
    compare<uint8_t>(OCTAVO_U8);
    compare<int8_t>(OCTAVO_S8);
    compare<int32_t>(OCTAVO_S32);
    compare<int64_t>(OCTAVO_S64);
}

TEST(Compare, NaNIsNothing) {
    const std::vector<float> a = {std::nanf(""), 1, std::nanf("")}, b = {1, std::nanf(""), std::nanf("")};
    const Value x = float_value({1, 3});
    Value y = x;
    y.dtype = OCTAVO_BOOL;
    for (int relation = 0; relation <= OCTAVO_RELATION_GREATER_OR_EQUAL; relation++) {
        OpDesc desc = operator_desc(OCTAVO_OP_COMPARE, {&x, &x}, y, Isa::scalar);
        desc.attributes.function = relation;
        EXPECT_EQ(run_op<uint8_t>(*create_op(desc), 1, 1, {a.data(), b.data()}, 3), (std::vector<uint8_t>{0, 0, 0}));
    }
}

template <class T>
void where(octavo_dtype dtype) {
    Coverage coverage("where");
    Sweep(100).run([&](Random& random) {
        Shapes shapes(random, {OCTAVO_BOOL, dtype, dtype}, dtype);
        fill<uint8_t>(random, &shapes.x[0], 0, 1);
        for (int i : {1, 2}) fill<T>(random, &shapes.x[i], -100, 100);
        shapes.make_some_constant(random);
        const OpDesc desc = operator_desc(OCTAVO_OP_WHERE, shapes.values(), shapes.y.value, Isa::scalar);
        const uint8_t* condition = shapes.x[0].as<uint8_t>();
        const T *a = shapes.x[1].as<T>(), *b = shapes.x[2].as<T>();
        check(random, shapes, desc,
              expected<T>(shapes, [&](const int64_t* p) { return condition[p[0]] ? a[p[1]] : b[p[2]]; }), coverage);
        return true;
    });
}

TEST(Where, EveryType) {
    where<float>(OCTAVO_F32);
    where<uint8_t>(OCTAVO_U8);
    where<int8_t>(OCTAVO_S8);
    where<int32_t>(OCTAVO_S32);
    where<int64_t>(OCTAVO_S64);
    where<uint8_t>(OCTAVO_BOOL);
}

template <class To, class From>
To converted(From x) {
    if constexpr (std::is_same_v<To, bool>) {
        return x != 0;
    } else if constexpr (std::is_same_v<From, float> && !std::is_same_v<To, float>) {
        const double wide = std::trunc(double{x});
        if (!(wide >= -0x1p63 && wide < 0x1p63)) return static_cast<To>(std::numeric_limits<int64_t>::min());
        return static_cast<To>(static_cast<int64_t>(wide));
    } else {
        return static_cast<To>(x);
    }
}

template <class To, class From>
void cast(octavo_dtype from, octavo_dtype to, const std::vector<From>& x) {
    const auto n = static_cast<int64_t>(x.size());
    Value a = float_value({1, n}), y = a;
    a.dtype = from;
    y.dtype = to;
    std::vector<To> expected;
    std::vector<To> found(x.size());
    for (From v : x) expected.push_back(converted<To>(v));
    const auto op = create_op(operator_desc(OCTAVO_OP_CAST, {&a}, y, Isa::scalar));
    const GuardedBuffer<From> input(x);
    const auto bytes = run_op<std::byte>(*op, 1, 1, {input.data()}, x.size() * y.element_bytes());
    std::vector<std::byte> wanted(bytes.size());
    for (size_t i = 0; i < x.size(); i++) {
        const To value = expected[i];
        std::memcpy(wanted.data() + i * sizeof value, &value, sizeof value);
    }
    EXPECT_EQ(bytes, wanted) << op->kernel();
}

template <class From>
void casts(octavo_dtype from, const std::vector<From>& x) {
    cast<float>(from, OCTAVO_F32, x);
    cast<uint8_t>(from, OCTAVO_U8, x);
    cast<int8_t>(from, OCTAVO_S8, x);
    cast<int32_t>(from, OCTAVO_S32, x);
    cast<int64_t>(from, OCTAVO_S64, x);
}

template <class From>
void truths(octavo_dtype from, const std::vector<From>& x) {
    static_assert(sizeof(bool) == 1);
    std::vector<uint8_t> expected;
    for (From v : x) expected.push_back(v != 0);
    Value a = float_value({1, static_cast<int64_t>(x.size())}), y = a;
    a.dtype = from;
    y.dtype = OCTAVO_BOOL;
    const auto op = create_op(operator_desc(OCTAVO_OP_CAST, {&a}, y, Isa::scalar));
    EXPECT_EQ(run_op<uint8_t>(*op, 1, 1, {x.data()}, x.size()), expected) << op->kernel();
}

TEST(Cast, EveryTypeToEveryType) {
    const std::vector<float> f = {0,     -0.0f, 1.9f,  -1.9f,  255,      256,       300,           -129, 2147483648.0f,
                                  -3e9f, 9e18f, 1e19f, -1e19f, infinity, -infinity, std::nanf(""), 0.1f, 16777216};
    casts<float>(OCTAVO_F32, f);
    truths<float>(OCTAVO_F32, f);
    const std::vector<int64_t> wide = {0,          1,           -1,        255,       256,     -129,
                                       2147483648, -2147483649, INT64_MAX, INT64_MIN, 16777217};
    casts<int64_t>(OCTAVO_S64, wide);
    truths<int64_t>(OCTAVO_S64, wide);
    casts<int32_t>(OCTAVO_S32, {0, 1, -1, 255, 256, INT32_MAX, INT32_MIN, 16777217});
    truths<int32_t>(OCTAVO_S32, {0, 1, -1, 256});
    casts<uint8_t>(OCTAVO_U8, {0, 1, 127, 128, 255});
    truths<uint8_t>(OCTAVO_U8, {0, 1, 255});
    casts<int8_t>(OCTAVO_S8, {0, 1, 127, -128, -1});
    truths<int8_t>(OCTAVO_S8, {0, 1, -1});
    casts<uint8_t>(OCTAVO_BOOL, {0, 1, 1});
    truths<uint8_t>(OCTAVO_BOOL, {0, 1, 1});
}

TEST(Cast, BetweenLayouts) {
    Tensor x = tensor(OCTAVO_S32, {2, 3, 5, 4}, true, OCTAVO_NHWC), y = tensor(OCTAVO_F32, x.dims, true);
    for (int i = 0; i < 120; i++) x.as<int32_t>()[i] = i;
    const auto op = create_op(operator_desc(OCTAVO_OP_CAST, {&x.value}, y.value, Isa::scalar));
    EXPECT_FALSE(op->in_place());
    const auto found = run_op<float>(*op, 2, 1, {x.data.data()}, 120);
    each_index(x.dims, [&](const Dims& at) {
        EXPECT_EQ(found[static_cast<size_t>(y.place(at))], static_cast<float>(x.place(at)));
    });
}

std::string refusal(const OpDesc& desc) {
    try {
        create_op(desc);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Binary, RefusesWhatDoesNotFit) {
    const Value x = float_value({1, 3, 4}), row = float_value({1, 4});
    Value fixed = x, other = x, whole = x;
    fixed.batched = other.batched = whole.batched = false;
    fixed.name = "fixed";
    other.dims = {1, 2, 4};
    other.name = "other";
    whole.dims = {2, 3, 4};
    whole.name = "whole";
    const auto message = [](const Value& a, const Value& b, const Value& y) {
        OpDesc desc = operator_desc(OCTAVO_OP_BINARY, {&a, &b}, y, Isa::scalar);
        return refusal(desc);
    };
    EXPECT_EQ(message(x, other, x),
              "operator \"under test\" (binary): \"other\" has shape [1, 2, 4], which is not broadcast to [N, 3, 4] of "
              "\"f\"");
    EXPECT_NE(message(x, row, x).find("the batch is the first dimension of both"), std::string::npos);
    EXPECT_NE(message(x, fixed, fixed).find("the batch is the first dimension of both"), std::string::npos);
    EXPECT_NE(message(x, whole, x), "");
    EXPECT_EQ(message(x, fixed, x), "");
    Value wider = x;
    wider.dims = {1, 3, 5};
    Value one = x;
    one.dims = {1, 3, 1};
    EXPECT_NE(message(one, one, wider).find("dimension 2 is 1 in all inputs"), std::string::npos);
    Value s32 = x;
    s32.dtype = OCTAVO_S32;
    EXPECT_NE(message(x, s32, x).find("add of \"f\", f32, and \"f\", s32"), std::string::npos);
}

}  // namespace
}  // namespace octavo::test
