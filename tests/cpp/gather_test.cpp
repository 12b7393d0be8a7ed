// Gather, expand, tile, trilu, one-hot and blocks of pixels against loops over indices.
#include "support/movement.h"

#include <cmath>

#include "support/values.h"

namespace octavo::test {
namespace {

// Indices of both types, negative ones and those outside among them; what they pick, n being the size that they are in.
struct Indices {
    std::vector<int64_t> numbers;

    Indices(Random& random, size_t count, int64_t n, bool beyond) {
        for (size_t i = 0; i < count; i++)
            numbers.push_back(beyond && random.chance(0.05)
                                  ? random.pick({n, -n - 1, int64_t{1} << 40, -(int64_t{1} << 40)})
                                  : random.integer(-n, n - 1));
    }
    static int64_t picked(int64_t index, int64_t n) {
        return std::min(std::max<int64_t>(index < 0 ? index + n : index, 0), n - 1);
    }
};

Value index_value(Random& random, Index dims, bool batched) {
    Value v = moved(random.pick({OCTAVO_S32, OCTAVO_S64}), std::move(dims), batched);
    v.name = "indices";
    return v;
}

template <class T>
void store_numbers(const std::vector<int64_t>& numbers, void* to) {
    for (size_t i = 0; i < numbers.size(); i++) {
        const T number = static_cast<T>(std::min<int64_t>(std::max<int64_t>(numbers[i], std::numeric_limits<T>::min()),
                                                          std::numeric_limits<T>::max()));
        std::memcpy(static_cast<char*>(to) + i * sizeof(T), &number, sizeof(T));
    }
}

Bytes bytes_of(const Value& value, const std::vector<int64_t>& numbers) {
    Bytes bytes(numbers.size() * value.element_bytes());
    if (value.dtype == OCTAVO_S64)
        store_numbers<int64_t>(numbers, bytes.data());
    else
        store_numbers<int32_t>(numbers, bytes.data());
    return bytes;
}

Index plus(std::initializer_list<Index> parts) {
    Index all;
    for (const Index& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

Index part(const Index& all, size_t from, size_t to) {
    return {all.begin() + static_cast<int64_t>(from), all.begin() + static_cast<int64_t>(to)};
}

TEST(Gather, Slices) {
    Coverage coverage("gather of slices");
    Sweep(400).run([&](Random& random) {
        const int64_t rank = random.integer(1, 4), batch = random.integer(1, 3);
        const int64_t which = random.integer(0, 2);  // x has the batch, the indices have, or none
        if (which == 0 && rank < 2) return false;
        const Index dims = any_dims(random, rank, which == 0, 600);
        const auto axis = static_cast<size_t>(which == 0   ? random.integer(1, rank - 1)
                                              : which == 1 ? 0
                                                           : random.integer(0, rank - 1));
        const Index at = any_dims(random, which == 1 ? random.integer(1, 3) : random.integer(0, 3), which == 1, 30);
        if (dims.size() - 1 + at.size() > OCTAVO_MAX_RANK) return false;
        const octavo_dtype dtype = any_type(random);
        MovementCase test(OCTAVO_OP_GATHER);
        test.attributes.axis = axis + 1 == dims.size() && random.chance(0.3) ? -1 : static_cast<int>(axis);
        test.inputs = {moved(dtype, dims, which == 0), index_value(random, at, which == 1)};
        const bool known = which != 1 && random.chance(0.5);
        const Index x_run = run_dims(test.inputs[0], batch), at_run = run_dims(test.inputs[1], batch);
        const int64_t n = dims[axis];
        const Indices indices(random, static_cast<size_t>(product(at_run)), n, !known);
        if (known) {
            set_data(&test.inputs[1], bytes_of(test.inputs[1], indices.numbers));
            if (at.size() == 1) test.inputs[0].layout = any_layout(random, dims);
        } else {
            test.given = {{}, bytes_of(test.inputs[1], indices.numbers)};
            if (which == 1 && random.chance(0.5)) test.inputs[0].role = OCTAVO_CONSTANT;
        }
        test.outputs = {moved(dtype, plus({part(dims, 0, axis), at, part(dims, axis + 1, dims.size())}), which != 2)};
        if (known && at.size() == 1) test.outputs[0].layout = any_layout(random, test.outputs[0].dims);
        test.source = [&](int, const Index& index) {
            const Index which_one = part(index, axis, axis + at.size());
            const size_t place = place_of(which_one, at_run, OCTAVO_PLAIN);
            return Source{0, plus({part(index, 0, axis),
                                   {Indices::picked(indices.numbers[place], n)},
                                   part(index, axis + at.size(), index.size())})};
        };
        check_movement(random, test, which == 2 ? 1 : batch, coverage);
        return true;
    });
}

TEST(Gather, Elements) {
    Coverage coverage("gather of elements");
    Sweep(250).run([&](Random& random) {
        const int64_t rank = random.integer(1, 4), batch = random.integer(1, 3);
        const bool batched = rank > 1 && random.chance(0.5);
        const Index dims = any_dims(random, rank, batched, 500);
        const auto axis = static_cast<size_t>(random.integer(batched ? 1 : 0, rank - 1));
        Index at = dims;
        for (size_t d = batched ? 1 : 0; d < at.size(); d++)
            at[d] = d == axis ? random.integer(1, 20) : random.integer(1, dims[d]);
        const octavo_dtype dtype = any_type(random);
        MovementCase test(OCTAVO_OP_GATHER);
        test.attributes.axis = static_cast<int>(axis);
        test.attributes.gather_mode = OCTAVO_GATHER_ELEMENTS;
        test.inputs = {moved(dtype, dims, batched), index_value(random, at, batched)};
        const Index at_run = run_dims(test.inputs[1], batch);
        const Indices indices(random, static_cast<size_t>(product(at_run)), dims[axis], true);
        test.given = {{}, bytes_of(test.inputs[1], indices.numbers)};
        test.outputs = {moved(dtype, at, batched)};
        test.source = [&](int, const Index& index) {
            Index from = index;
            from[axis] = Indices::picked(indices.numbers[place_of(index, at_run, OCTAVO_PLAIN)], dims[axis]);
            return Source{0, from};
        };
        check_movement(random, test, batched ? batch : 1, coverage);
        return true;
    });
}

TEST(Gather, Tuples) {
    Coverage coverage("gather of tuples");
    Sweep(250).run([&](Random& random) {
        const int64_t rank = random.integer(1, 5), batch = random.integer(1, 3);
        const auto common = static_cast<size_t>(random.integer(0, std::min<int64_t>(2, rank - 1)));
        const bool batched = random.chance(0.5), x_batched = batched && common > 0;
        const Index dims = any_dims(random, rank, x_batched, 400);
        const auto tuple = static_cast<size_t>(random.integer(1, rank - static_cast<int64_t>(common)));
        Index positions =
            any_dims(random, random.integer(batched && common == 0 ? 1 : 0, 2), batched && common == 0, 20);
        const Index at = plus({part(dims, 0, common), positions, {static_cast<int64_t>(tuple)}});
        const octavo_dtype dtype = any_type(random);
        MovementCase test(OCTAVO_OP_GATHER);
        test.attributes.gather_mode = OCTAVO_GATHER_TUPLES;
        test.attributes.batch_dims = static_cast<int>(common);
        test.inputs = {moved(dtype, dims, x_batched), index_value(random, at, batched)};
        const Index at_run = run_dims(test.inputs[1], batch);
        std::vector<int64_t> numbers;
        for (int64_t i = 0; i < product(at_run); i++)
            numbers.push_back(Indices(random, 1, dims[common + static_cast<size_t>(i) % tuple], true).numbers[0]);
        test.given = {{}, bytes_of(test.inputs[1], numbers)};
        const Index rest = part(dims, common + tuple, dims.size());
        test.outputs = {moved(dtype, plus({part(dims, 0, common), positions, rest}), batched)};
        test.source = [&](int, const Index& index) {
            Index from = part(index, 0, common);
            Index which = part(index, 0, common + positions.size());
            which.push_back(0);
            for (size_t t = 0; t < tuple; t++) {
                which.back() = static_cast<int64_t>(t);
                from.push_back(Indices::picked(numbers[place_of(which, at_run, OCTAVO_PLAIN)], dims[common + t]));
            }
            return Source{0, plus({from, part(index, common + positions.size(), index.size())})};
        };
        check_movement(random, test, batched ? batch : 1, coverage);
        return true;
    });
}

TEST(Gather, KnownIndicesOutsideAreRefused) {
    const Value x = moved(OCTAVO_F32, {5, 3}, false), y = moved(OCTAVO_F32, {2, 3}, false);
    for (int64_t index : {int64_t{5}, int64_t{-6}, INT64_MAX, INT64_MIN}) {
        Value indices = moved(OCTAVO_S64, {2}, false);
        set_data(&indices, bytes_of(indices, {0, index}));
        OpDesc desc{"picks", {}, {&x, &indices}, {&y}, Isa::scalar};
        desc.attributes.kind = OCTAVO_OP_GATHER;
        desc.attributes.axis = 0;
        try {
            create_op(desc);
            FAIL() << index;
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), OCTAVO_INVALID_ARGUMENT);
            EXPECT_NE(std::string(error.what()).find("index 1 is " + std::to_string(index)), std::string::npos)
                << error.what();
        }
    }
}

TEST(Gather, Expand) {
    Coverage coverage("expand");
    Sweep(300).run([&](Random& random) {
        const int64_t rank = random.integer(0, 6), batch = random.integer(1, 3);
        const bool batched = rank > 0 && random.chance(0.5), x_batched = batched && random.chance(0.5);
        const Index dims = any_dims(random, rank, batched, 2000);
        const size_t missing = x_batched ? 0 : static_cast<size_t>(random.integer(0, rank));
        Index from = part(dims, missing, dims.size());
        for (size_t d = x_batched ? 1 : 0; d < from.size(); d++)
            if (random.chance(0.4)) from[d] = 1;
        const octavo_dtype dtype = any_type(random);
        MovementCase test(OCTAVO_OP_EXPAND);
        test.inputs = {moved(dtype, from, x_batched, any_layout(random, from))};
        test.outputs = {moved(dtype, dims, batched, any_layout(random, dims))};
        test.source = [&](int, const Index& index) {
            Index at = part(index, missing, index.size());
            for (size_t d = 0; d < at.size(); d++)
                if (from[d] == 1 && !(d == 0 && x_batched)) at[d] = 0;
            return Source{0, at};
        };
        check_movement(random, test, batched ? batch : 1, coverage);
        return true;
    });
}

TEST(Gather, Tile) {
    Coverage coverage("tile");
    Sweep(300).run([&](Random& random) {
        const int64_t rank = random.integer(1, OCTAVO_MAX_RANK), batch = random.integer(1, 3);
        const bool batched = random.chance(0.5);
        const Index from = any_dims(random, rank, batched, 300);
        Index dims = from;
        for (size_t d = batched ? 1 : 0; d < dims.size(); d++)
            if (random.chance(0.4)) dims[d] *= random.integer(2, 3);
        const octavo_dtype dtype = any_type(random);
        MovementCase test(OCTAVO_OP_TILE);
        test.inputs = {moved(dtype, from, batched, any_layout(random, from))};
        test.outputs = {moved(dtype, dims, batched, any_layout(random, dims))};
        test.source = [&](int, const Index& index) {
            Index at = index;
            for (size_t d = batched ? 1 : 0; d < at.size(); d++) at[d] %= from[d];
            return Source{0, at};
        };
        check_movement(random, test, batched ? batch : 1, coverage);
        return true;
    });
}

TEST(Gather, Trilu) {
    Coverage coverage("trilu");
    Sweep(200).run([&](Random& random) {
        const bool batched = random.chance(0.5);
        const Index dims = any_dims(random, random.integer(batched ? 3 : 2, 4), batched, 1500);
        const int64_t batch = batched ? random.integer(1, 3) : 1;
        MovementCase test(OCTAVO_OP_TRILU);
        const int64_t k = random.chance(0.1) ? random.pick({INT32_MIN, INT32_MAX}) : random.integer(-6, 6);
        const bool upper = random.chance(0.5);
        test.attributes.diagonal = static_cast<int32_t>(k);
        test.attributes.upper = upper;
        test.inputs = {moved(any_type(random), dims, batched)};
        test.outputs = test.inputs;
        if (!test.inputs[0].zero_points.empty())
            test.filler[0] = static_cast<unsigned char>(test.inputs[0].zero_points[0]);
        test.source = [&](int, const Index& index) {
            const int64_t right = index.back() - index[index.size() - 2];
            return Source{(upper ? right >= k : right <= k) ? 0 : -1, index};
        };
        check_movement(random, test, batch, coverage);
        return true;
    });
}

template <class T>
void one_hot(Random& random, octavo_dtype dtype, Coverage& coverage) {
    const bool batched = random.chance(0.5);
    const Index at = any_dims(random, random.integer(1, 3), batched, 60);
    const int64_t batch = batched ? random.integer(1, 3) : 1, depth = random.integer(1, 20);
    const auto axis = static_cast<size_t>(random.integer(batched ? 1 : 0, static_cast<int64_t>(at.size())));
    MovementCase test(OCTAVO_OP_ONE_HOT);
    test.attributes.axis = axis == at.size() && random.chance(0.5) ? -1 : static_cast<int>(axis);
    Value values = moved(any_type(random), {2}, false);
    values.role = OCTAVO_CONSTANT;
    Value y = moved(values.dtype, plus({part(at, 0, axis), {depth}, part(at, axis, at.size())}), batched);
    test.inputs = {moved(dtype, at, batched), values};
    test.outputs = {y};
    const Index at_run = run_dims(test.inputs[0], batch);
    std::vector<T> numbers;
    for (int64_t i = 0; i < product(at_run); i++) {
        T number = static_cast<T>(random.integer(-depth - 2, depth + 1));
        if (std::is_same<T, float>::value && random.chance(0.1)) number = static_cast<T>(number + T(0.5));
        if (std::is_same<T, float>::value && random.chance(0.05)) number = static_cast<T>(std::nan(""));
        numbers.push_back(number);
    }
    Bytes bytes(numbers.size() * sizeof(T));
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    test.given = {bytes, {}};
    test.source = [&](int, const Index& index) {
        const Index which = plus({part(index, 0, axis), part(index, axis + 1, index.size())});
        const auto number = static_cast<double>(numbers[place_of(which, at_run, OCTAVO_PLAIN)]);
        const double counted = number < 0 ? number + static_cast<double>(depth) : number;
        return Source{1, {counted == static_cast<double>(index[axis]) ? 1 : 0}};
    };
    check_movement(random, test, batch, coverage);
}

TEST(Gather, OneHot) {
    Coverage coverage("one-hot");
    Sweep(200).run([&](Random& random) {
        switch (random.integer(0, 2)) {
            case 0:
                one_hot<int32_t>(random, OCTAVO_S32, coverage);
                break;
            case 1:
                one_hot<int64_t>(random, OCTAVO_S64, coverage);
                break;
            default:
                one_hot<float>(random, OCTAVO_F32, coverage);
        }
        return true;
    });
}

TEST(Gather, BlocksOfPixels) {
    Coverage coverage("blocks of pixels");
    Sweep(300).run([&](Random& random) {
        const bool batched = random.chance(0.7), to_depth = random.chance(0.5), column_row = random.chance(0.5);
        const int64_t batch = batched ? random.integer(1, 3) : 1, b = random.integer(1, 4);
        const int64_t c = random.size_around(8, 20), h = random.integer(1, 9), w = random.size_around(8, 20);
        const int64_t n = batched ? 1 : random.integer(1, 2);
        const Index pixels = {n, c, h * b, w * b}, depth = {n, c * b * b, h, w};
        const octavo_dtype dtype = any_type(random);
        MovementCase test(to_depth ? OCTAVO_OP_SPACE_TO_DEPTH : OCTAVO_OP_DEPTH_TO_SPACE);
        test.attributes.block = static_cast<int>(b);
        test.attributes.column_row_depth = !to_depth && column_row;
        test.inputs = {moved(dtype, to_depth ? pixels : depth, batched, any_layout(random, pixels))};
        test.outputs = {moved(dtype, to_depth ? depth : pixels, batched, any_layout(random, pixels))};
        test.source = [&](int, const Index& i) {
            if (to_depth) {
                const int64_t within = i[1] / c;
                return Source{0, {i[0], i[1] % c, i[2] * b + within / b, i[3] * b + within % b}};
            }
            const int64_t within = i[2] % b * b + i[3] % b;
            return Source{0, {i[0], column_row ? i[1] * b * b + within : within * c + i[1], i[2] / b, i[3] / b}};
        };
        check_movement(random, test, batch, coverage);
        return true;
    });
}

}  // namespace
}  // namespace octavo::test
