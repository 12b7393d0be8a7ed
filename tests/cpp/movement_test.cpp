// Reshape, transpose, slice, concat, split and pad against loops over indices: all ranks, types, layouts, with a batch or without.
#include "support/movement.h"

#include <cstdlib>
#include <numeric>

#include "support/golden.h"
#include "support/network.h"
#include "support/values.h"

namespace octavo::test {
namespace {

// What a case has before its operator is known.
struct Start {
    octavo_dtype dtype;
    bool batched;
    Index dims;
    octavo_layout layout;
    int64_t batch;

    Start(Random& random, int64_t least_rank) {
        dtype = any_type(random);
        const int64_t rank = random.chance(0.4) ? 4 : random.integer(least_rank, OCTAVO_MAX_RANK);
        batched = rank > 0 && random.chance(0.5);
        dims = any_dims(random, rank, batched, random.chance(0.03) ? 400000 : 3000);
        layout = any_layout(random, dims);
        batch = batched ? random.integer(1, 3) : 1;
    }
    Value value() const { return moved(dtype, dims, batched, layout); }
    // Any axis that may be changed; -1: there is none.
    int axis(Random& random) const {
        const int64_t first = batched ? 1 : 0, rank = static_cast<int64_t>(dims.size());
        return first >= rank ? -1 : static_cast<int>(random.integer(first, rank - 1));
    }
};

int64_t row_major(const Index& index, const Index& dims) {
    int64_t at = 0;
    for (size_t i = 0; i < dims.size(); i++) at = at * dims[i] + index[i];
    return at;
}

Index index_of(int64_t at, const Index& dims) {
    Index index(dims.size());
    for (size_t i = dims.size(); i-- > 0; at /= dims[i]) index[i] = at % dims[i];
    return index;
}

TEST(Movement, Reshape) {
    Coverage coverage("reshape");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 0);
        // Dimensions taken apart and put together at random.
        Index factors;
        for (size_t i = start.batched ? 1 : 0; i < start.dims.size(); i++) {
            int64_t left = start.dims[i];
            for (int64_t f = 2; f <= left; f++)
                for (; left % f == 0 && random.chance(0.7); left /= f) factors.push_back(f);
            factors.push_back(left);
        }
        Index dims;
        if (start.batched) dims.push_back(1);
        for (int64_t f : factors) {
            if (dims.size() > (start.batched ? 1u : 0u) && (random.chance(0.5) || dims.size() == OCTAVO_MAX_RANK))
                dims.back() *= f;
            else if (dims.size() < OCTAVO_MAX_RANK)
                dims.push_back(f);
            else
                return false;
        }
        MovementCase test(OCTAVO_OP_RESHAPE);
        test.inputs = {start.value()};
        test.outputs = {moved(start.dtype, dims, start.batched,
                              start.layout == OCTAVO_PLAIN ? any_layout(random, dims) : OCTAVO_PLAIN)};
        const Index from = run_dims(test.inputs[0], start.batch), to = run_dims(test.outputs[0], start.batch);
        test.source = [&](int, const Index& index) { return Source{0, index_of(row_major(index, to), from)}; };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

TEST(Movement, Transpose) {
    Coverage coverage("transpose");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 1);
        const size_t rank = start.dims.size(), first = start.batched ? 1 : 0;
        std::vector<int> order(rank);
        std::iota(order.begin(), order.end(), 0);
        for (size_t i = rank; i-- > first + 1;)
            std::swap(order[i],
                      order[static_cast<size_t>(random.integer(static_cast<int64_t>(first), static_cast<int64_t>(i)))]);
        Index dims;
        for (int axis : order) dims.push_back(start.dims[static_cast<size_t>(axis)]);
        MovementCase test(OCTAVO_OP_TRANSPOSE);
        test.attributes.axis_count = static_cast<int>(rank);
        std::copy(order.begin(), order.end(), test.attributes.axes);
        test.inputs = {start.value()};
        test.outputs = {moved(start.dtype, dims, start.batched, any_layout(random, dims))};
        test.source = [&](int, const Index& index) {
            Index from(rank);
            for (size_t i = 0; i < rank; i++) from[static_cast<size_t>(order[i])] = index[i];
            return Source{0, from};
        };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

TEST(Movement, Slice) {
    Coverage coverage("slice");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 1);
        const size_t rank = start.dims.size();
        Index dims = start.dims, starts(rank, 0), steps(rank, 1);
        for (size_t i = start.batched ? 1 : 0; i < rank; i++) {
            if (random.chance(0.4)) continue;
            const int64_t n = start.dims[i];
            steps[i] = random.chance(0.5) ? 1 : random.integer(-3, 3);
            if (steps[i] == 0) steps[i] = 2 * n;
            starts[i] = random.integer(0, n - 1);
            const int64_t room = steps[i] > 0 ? (n - 1 - starts[i]) / steps[i] : starts[i] / -steps[i];
            dims[i] = random.integer(0, room) + 1;
        }
        MovementCase test(OCTAVO_OP_SLICE);
        test.attributes.start_count = static_cast<int>(rank);
        std::copy(starts.begin(), starts.end(), test.attributes.starts);
        const bool all_one = std::all_of(steps.begin(), steps.end(), [](int64_t s) { return s == 1; });
        if (!all_one || random.chance(0.5)) {
            test.attributes.step_count = static_cast<int>(rank);
            std::copy(steps.begin(), steps.end(), test.attributes.steps);
        }
        test.inputs = {start.value()};
        test.outputs = {moved(start.dtype, dims, start.batched, any_layout(random, dims))};
        test.source = [&](int, const Index& index) {
            Index from = index;
            for (size_t i = 0; i < rank; i++) from[i] = starts[i] + index[i] * steps[i];
            return Source{0, from};
        };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

// Sizes of parts along an axis, and which part an index belongs to.
struct Parts {
    Index sizes;

    Parts(Random& random, int64_t whole) {
        while (whole > 0 && (sizes.empty() || random.chance(0.7))) {
            sizes.push_back(random.integer(1, whole));
            whole -= sizes.back();
        }
        if (whole > 0) sizes.push_back(whole);
    }
    int of(int64_t* index) const {
        size_t part = 0;
        for (; *index >= sizes[part]; part++) *index -= sizes[part];
        return static_cast<int>(part);
    }
};

TEST(Movement, Concat) {
    Coverage coverage("concat");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 1);
        const int axis = start.axis(random);
        if (axis < 0) return false;
        const Parts parts(random, start.dims[static_cast<size_t>(axis)]);
        MovementCase test(OCTAVO_OP_CONCAT);
        const bool last = axis + 1 == static_cast<int>(start.dims.size());
        test.attributes.axis = last && random.chance(0.5) ? -1 : axis;
        for (int64_t size : parts.sizes) {
            Index dims = start.dims;
            dims[static_cast<size_t>(axis)] = size;
            test.inputs.push_back(moved(start.dtype, dims, start.batched, start.layout));
            if (!start.batched && random.chance(0.2)) test.inputs.back().role = OCTAVO_CONSTANT;
        }
        test.outputs = {start.value()};
        test.source = [&](int, const Index& index) {
            Index from = index;
            const int part = parts.of(&from[static_cast<size_t>(axis)]);
            return Source{part, from};
        };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

TEST(Movement, Split) {
    Coverage coverage("split");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 1);
        const int axis = start.axis(random);
        if (axis < 0) return false;
        const Parts parts(random, start.dims[static_cast<size_t>(axis)]);
        MovementCase test(OCTAVO_OP_SPLIT);
        test.attributes.axis = axis;
        test.inputs = {start.value()};
        for (int64_t size : parts.sizes) {
            Index dims = start.dims;
            dims[static_cast<size_t>(axis)] = size;
            test.outputs.push_back(moved(start.dtype, dims, start.batched, any_layout(random, dims)));
        }
        test.source = [&](int output, const Index& index) {
            Index from = index;
            for (int i = 0; i < output; i++) from[static_cast<size_t>(axis)] += parts.sizes[static_cast<size_t>(i)];
            return Source{0, from};
        };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

TEST(Movement, Pad) {
    Coverage coverage("pad");
    Sweep(300).run([&](Random& random) {
        const Start start(random, 1);
        const size_t rank = start.dims.size();
        const int mode = static_cast<int>(random.integer(OCTAVO_PAD_CONSTANT, OCTAVO_PAD_WRAP));
        Index before(rank, 0), dims = start.dims;
        for (size_t i = start.batched ? 1 : 0; i < rank; i++) {
            if (random.chance(0.5)) continue;
            const int64_t n = start.dims[i], most = mode == OCTAVO_PAD_REFLECT ? std::min<int64_t>(n - 1, 3) : 3;
            before[i] = random.integer(std::max<int64_t>(-3, 1 - n), most);
            const int64_t after = random.integer(std::max<int64_t>(-3, 1 - n - before[i]), most);
            if (n + before[i] + after < 1) return false;
            dims[i] = n + before[i] + after;
        }
        MovementCase test(OCTAVO_OP_PAD);
        test.attributes.pad_mode = mode;
        test.attributes.before_count = static_cast<int>(rank);
        std::copy(before.begin(), before.end(), test.attributes.before);
        test.inputs = {start.value()};
        if (random.chance(0.5)) {
            test.inputs.push_back(moved(start.dtype, random.pick({Index{}, Index{1}}), false));
            test.filler = random_bytes(random, 8);
            set_data(
                &test.inputs[1],
                Bytes(test.filler.begin(), test.filler.begin() + static_cast<int64_t>(test.inputs[1].element_bytes())));
        } else if (!test.inputs[0].zero_points.empty()) {
            test.filler[0] = static_cast<unsigned char>(test.inputs[0].zero_points[0]);
        }
        test.outputs = {moved(start.dtype, dims, start.batched, any_layout(random, dims))};
        test.source = [&](int, const Index& index) {
            Index from = index;
            for (size_t i = 0; i < rank; i++) {
                const int64_t n = i == 0 && start.batched ? start.batch : start.dims[i];
                int64_t at = index[i] - before[i];
                if (mode == OCTAVO_PAD_EDGE) at = std::min(std::max<int64_t>(at, 0), n - 1);
                if (mode == OCTAVO_PAD_WRAP) at = (at + 3 * n) % n;
                if (mode == OCTAVO_PAD_REFLECT) at = at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
                if (at < 0 || at >= n) return Source{-1, {}};
                from[i] = at;
            }
            return Source{0, from};
        };
        check_movement(random, test, start.batch, coverage);
        return true;
    });
}

// ---- Codes of several scales put together

Value codes_of(octavo_dtype dtype, Index dims, float scale, int zero_point, octavo_layout layout) {
    Value v = moved(dtype, std::move(dims), true, layout);
    v.scales = {scale};
    v.zero_points = {zero_point};
    return v;
}

TEST(Movement, ConcatOfOtherScalesQuantizesAgain) {
    const Value a = codes_of(OCTAVO_U8, {1, 3}, 0.5f, 10, OCTAVO_PLAIN);
    const Value b = codes_of(OCTAVO_S8, {1, 3}, 0.25f, 0, OCTAVO_PLAIN);
    const Value y = codes_of(OCTAVO_U8, {1, 6}, 0.5f, 5, OCTAVO_PLAIN);
    for (Isa isa : available_isas()) {
        OpDesc desc{"under test", {}, {&a, &b}, {&y}, isa};
        desc.attributes.kind = OCTAVO_OP_CONCAT;
        const auto op = create_op(desc);
        const uint8_t first[] = {0, 10, 255};
        const int8_t second[] = {1, -128, 127};
        // -5, 0, 122.5 in steps of 0.5 around 5; 0.25, -32, 31.75: a tie to even, below the least code, a tie again.
        EXPECT_EQ(run_op<uint8_t>(*op, 1, 1, {first, second}, 6), (std::vector<uint8_t>{0, 5, 250, 6, 0, 68}));
    }
}

// PyTorch's cat, contiguous and channels last.
TEST(Movement, ConcatGolden) {
    const Golden golden(std::getenv("OCTAVO_GOLDEN") != nullptr ? "ops" : "cat");
    size_t contiguous = 0, channels_last = 0;
    for (const Json& test : golden.cases()) {
        const Json& params = test["params"];
        if (params["op"].string != "cat" || params["relu"].boolean) continue;
        const bool last = params["channels_last"].boolean;
        const GoldenTensor a = golden.tensor(test["inputs"]["a"]), b = golden.tensor(test["inputs"]["b"]);
        const GoldenTensor y = golden.tensor(test["expected"]["y"]);
        const octavo_layout layout = last ? OCTAVO_NHWC : OCTAVO_PLAIN;
        const auto value = [&](const GoldenTensor& tensor, const char* name) {
            const std::string scale = std::string(name) + "_scale", zero = std::string(name) + "_zero_point";
            Index dims = tensor.shape;
            dims[0] = 1;
            return codes_of(OCTAVO_U8, dims, static_cast<float>(params[scale.c_str()].number),
                            static_cast<int>(params[zero.c_str()].number), layout);
        };
        const Value first = value(a, "a"), second = value(b, "b"), result = value(y, "out");
        const auto codes = [&](const GoldenTensor& tensor) {
            return last ? to_nhwc(tensor.as<uint8_t>(), tensor.shape) : tensor.as<uint8_t>();
        };
        const std::vector<uint8_t> x = codes(a), with = codes(b), expected = codes(y);
        for (Isa isa : available_isas()) {
            OpDesc desc{"under test", {}, {&first, &second}, {&result}, isa};
            desc.attributes.kind = OCTAVO_OP_CONCAT;
            desc.attributes.axis = static_cast<int>(params["dim"].number);
            const auto found =
                run_op<uint8_t>(*create_op(desc), y.shape[0], 1, {x.data(), with.data()}, expected.size());
            ASSERT_TRUE(same_bits(found, expected)) << test["name"].string;
        }
        (last ? channels_last : contiguous)++;
    }
    EXPECT_GT(contiguous, 0u);
    EXPECT_GT(channels_last, 0u);
}

// ---- What is refused

octavo_status status_of(const OpDesc& desc, const std::string& part) {
    try {
        create_op(desc);
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("\"under test\""), std::string::npos) << error.what();
        return error.status();
    }
    return OCTAVO_OK;
}

OpDesc desc_of(octavo_op_kind kind, std::vector<const Value*> inputs, std::vector<const Value*> outputs) {
    OpDesc desc{"under test", {}, std::move(inputs), std::move(outputs), Isa::scalar};
    desc.attributes.kind = kind;
    return desc;
}

TEST(Movement, TheBatchStaysInFront) {
    const Value x = moved(OCTAVO_F32, {1, 3, 4}, true), t = moved(OCTAVO_F32, {1, 4, 3}, true);
    OpDesc transpose = desc_of(OCTAVO_OP_TRANSPOSE, {&x}, {&t});
    transpose.attributes.axis_count = 3;
    std::copy_n(std::initializer_list<int>{0, 2, 1}.begin(), 3, transpose.attributes.axes);
    EXPECT_EQ(status_of(transpose, ""), OCTAVO_OK);
    const Value moved_batch = moved(OCTAVO_F32, {1, 1, 4}, true), from = moved(OCTAVO_F32, {1, 1, 4}, true);
    transpose.inputs = {&from};
    transpose.outputs = {&moved_batch};
    std::copy_n(std::initializer_list<int>{1, 0, 2}.begin(), 3, transpose.attributes.axes);
    EXPECT_EQ(status_of(transpose, "batch of a run"), OCTAVO_UNSUPPORTED);
    OpDesc concat = desc_of(OCTAVO_OP_CONCAT, {&x, &x}, {&x});
    concat.attributes.axis = 0;
    EXPECT_EQ(status_of(concat, "batch of a run"), OCTAVO_UNSUPPORTED);
    OpDesc split = desc_of(OCTAVO_OP_SPLIT, {&x}, {&x});
    split.attributes.axis = 0;
    EXPECT_EQ(status_of(split, "batch of a run"), OCTAVO_UNSUPPORTED);
    OpDesc pad = desc_of(OCTAVO_OP_PAD, {&x}, {&x});
    pad.attributes.before_count = 3;
    pad.attributes.before[0] = 1;
    EXPECT_EQ(status_of(pad, "batch of a run"), OCTAVO_UNSUPPORTED);
    OpDesc slice = desc_of(OCTAVO_OP_SLICE, {&x}, {&x});
    slice.attributes.start_count = slice.attributes.step_count = 3;
    std::copy_n(std::initializer_list<int>{2, 1, 1}.begin(), 3, slice.attributes.steps);
    EXPECT_EQ(status_of(slice, "batch of a run"), OCTAVO_UNSUPPORTED);
}

TEST(Movement, MessagesNameWhatDoesNotFit) {
    const Value x = moved(OCTAVO_F32, {2, 3, 4}, false), y = moved(OCTAVO_F32, {2, 3, 5}, false);
    const Value ints = moved(OCTAVO_S32, {2, 3, 4}, false), codes = moved(OCTAVO_U8, {2, 3, 4}, false);
    const Value batch = moved(OCTAVO_F32, {1, 3, 4}, true);
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_RESHAPE, {&x}, {&y}), "[2, 3, 5]"), OCTAVO_SHAPE_MISMATCH);
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_RESHAPE, {&x}, {&ints}), "differ in type"), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_RESHAPE, {&x}, {&batch}), "a batch in both or in neither"),
              OCTAVO_SHAPE_MISMATCH);
    OpDesc transpose = desc_of(OCTAVO_OP_TRANSPOSE, {&x}, {&x});
    EXPECT_EQ(status_of(transpose, "axes has 0 numbers"), OCTAVO_SHAPE_MISMATCH);
    transpose.attributes.axis_count = 3;
    EXPECT_EQ(status_of(transpose, "axis 0 is twice"), OCTAVO_INVALID_ARGUMENT);
    std::copy_n(std::initializer_list<int>{0, 2, 1}.begin(), 3, transpose.attributes.axes);
    EXPECT_EQ(status_of(transpose, "[2, 3, 4], expected 4 in dimension 1"), OCTAVO_SHAPE_MISMATCH);
    OpDesc slice = desc_of(OCTAVO_OP_SLICE, {&x}, {&x});
    slice.attributes.start_count = 3;
    slice.attributes.starts[2] = 1;
    EXPECT_EQ(status_of(slice, "elements 1 to 4 of dimension 2"), OCTAVO_SHAPE_MISMATCH);
    slice.attributes.starts[2] = 0;
    slice.attributes.step_count = 3;
    for (int32_t step : {INT32_MIN, INT32_MAX}) {
        for (int32_t& s : slice.attributes.steps) s = step;
        EXPECT_EQ(status_of(slice, "of dimension 0"), OCTAVO_SHAPE_MISMATCH);
    }
    OpDesc split = desc_of(OCTAVO_OP_SPLIT, {&x}, {&x, &x});
    EXPECT_EQ(status_of(split, "8 in dimension 2 together"), OCTAVO_SHAPE_MISMATCH);
    split.outputs[1] = nullptr;
    EXPECT_EQ(status_of(split, "output 1 is absent"), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_CONCAT, {&x, &x}, {&x}), "expected 8 in dimension 2"), OCTAVO_SHAPE_MISMATCH);
    Value ints_twice = ints;
    ints_twice.dims[2] = 8;
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_CONCAT, {&ints, &x}, {&ints_twice}), "can change theirs"),
              OCTAVO_UNSUPPORTED);
    OpDesc pad = desc_of(OCTAVO_OP_PAD, {&x, &ints}, {&y});
    pad.attributes.before_count = 3;
    EXPECT_EQ(status_of(pad, "expected one constant f32"), OCTAVO_INVALID_ARGUMENT);
    Value narrow = codes;
    narrow.code_max = 127;
    EXPECT_EQ(status_of(desc_of(OCTAVO_OP_RESHAPE, {&codes}, {&narrow}), "codes 0 to 255"), OCTAVO_INVALID_ARGUMENT);
}

// ---- In a plan

struct Attribute {
    const char* key;
    Index integers;
};

void add_operator(octavo_builder* builder, octavo_op_kind kind, std::vector<int32_t> inputs,
                  std::vector<int32_t> outputs, const std::vector<Attribute>& attributes = {}) {
    std::vector<octavo_attribute> entries;
    for (const Attribute& a : attributes)
        entries.push_back(
            {sizeof(octavo_attribute), a.key, static_cast<int64_t>(a.integers.size()), a.integers.data(), nullptr});
    octavo_op_desc desc{};
    desc.size = sizeof desc;
    desc.kind = kind;
    desc.input_count = static_cast<int64_t>(inputs.size());
    desc.inputs = inputs.data();
    desc.output_count = static_cast<int64_t>(outputs.size());
    desc.outputs = outputs.data();
    desc.attribute_count = static_cast<int64_t>(entries.size());
    desc.attributes = entries.data();
    ASSERT_EQ(octavo_builder_op(builder, &desc), OCTAVO_OK) << octavo_last_error();
}

int32_t add_float(octavo_builder* builder, octavo_role role, std::vector<int64_t> dims) {
    int32_t number = -1;
    EXPECT_EQ(add_value(builder, describe(OCTAVO_F32, role, std::move(dims)), &number), OCTAVO_OK)
        << octavo_last_error();
    return number;
}

// A channel shuffle as exporters write it, twelve parts cut off and put together in reverse order.
TEST(Movement, PlanOfViewsAndManyParts) {
    octavo_builder* builder = nullptr;
    ASSERT_EQ(octavo_builder_create(&builder), OCTAVO_OK);
    const int32_t x = add_float(builder, OCTAVO_INPUT, {1, 12, 5, 3});
    const int32_t grouped = add_float(builder, OCTAVO_TEMP, {1, 3, 4, 5, 3});
    const int32_t swapped = add_float(builder, OCTAVO_TEMP, {1, 4, 3, 5, 3});
    const int32_t shuffled = add_float(builder, OCTAVO_TEMP, {1, 12, 5, 3});
    add_operator(builder, OCTAVO_OP_RESHAPE, {x}, {grouped});
    add_operator(builder, OCTAVO_OP_TRANSPOSE, {grouped}, {swapped}, {{"axes", {0, 2, 1, 3, 4}}});
    add_operator(builder, OCTAVO_OP_RESHAPE, {swapped}, {shuffled});
    std::vector<int32_t> parts, reversed;
    for (int i = 0; i < 12; i++) parts.push_back(add_float(builder, OCTAVO_TEMP, {1, 1, 5, 3}));
    reversed.assign(parts.rbegin(), parts.rend());
    const int32_t y = add_float(builder, OCTAVO_OUTPUT, {1, 12, 5, 3});
    add_operator(builder, OCTAVO_OP_SPLIT, {shuffled}, parts, {{"axis", {1}}});
    add_operator(builder, OCTAVO_OP_CONCAT, reversed, {y}, {{"axis", {1}}});
    octavo_plan* built = nullptr;
    ASSERT_EQ(octavo_builder_build(builder, nullptr, &built), OCTAVO_OK) << octavo_last_error();
    const PlanHandle plan(built);
    octavo_builder_destroy(builder);
    const char* kernels[] = {"view", "transpose_f32_copy", "view", "split_f32_copy", "concat_f32_copy"};
    for (int32_t i = 0; i < 5; i++) {
        auto info = sized<octavo_step_info>();
        ASSERT_EQ(octavo_plan_step(plan.get(), i, &info), OCTAVO_OK);
        EXPECT_STREQ(info.kernel, kernels[i]);
    }
    const int64_t batch = 3, pixels = 15;
    std::vector<float> in(static_cast<size_t>(batch * 12 * pixels)), out(in.size());
    std::iota(in.begin(), in.end(), 0.0f);
    const void* inputs[] = {in.data()};
    void* outputs[] = {out.data()};
    const RunBuffers buffers(plan.get(), batch, inputs, outputs);
    const octavo_run_args args = buffers.args();
    ASSERT_EQ(octavo_plan_run(plan.get(), &args), OCTAVO_OK) << octavo_last_error();
    for (int64_t n = 0; n < batch; n++) {
        for (int64_t c = 0; c < 12; c++) {
            const int64_t from = 11 - c;  // of the shuffled ones: [4, 3] of [3, 4]
            const int64_t channel = from % 3 * 4 + from / 3;
            for (int64_t p = 0; p < pixels; p++)
                ASSERT_EQ(out[static_cast<size_t>((n * 12 + c) * pixels + p)],
                          in[static_cast<size_t>((n * 12 + channel) * pixels + p)]);
        }
    }
}

TEST(Movement, AttributesAreLookedAtFirst) {
    struct Wrong {
        octavo_op_kind kind;
        const char* key;
        std::vector<int64_t> integers;
        std::vector<float> reals;
        std::string message;
    };
    const Wrong cases[] = {
        {OCTAVO_OP_SLICE, "steps", {1}, {}, "\"starts\" is missing"},
        {OCTAVO_OP_SLICE, "starts", {-1}, {}, "starts[0] is -1, expected at least 0"},
        {OCTAVO_OP_SLICE, "starts", {0, int64_t{1} << 31}, {}, "starts[1] is 2147483648"},
        {OCTAVO_OP_SLICE, "starts", Index(9, 0), {}, "\"starts\" has 9 numbers, expected at most 8"},
        {OCTAVO_OP_PAD, "pad_mode", {4}, {}, "pad_mode is 4, expected 0 to 3"},
        {OCTAVO_OP_TRANSPOSE, "axes", {0, -1}, {}, "axes[1] is -1"},
        {OCTAVO_OP_CONCAT, "axis", {8}, {}, "axis is 8"},
        {OCTAVO_OP_RESHAPE, "axis", {0}, {}, "it takes none"},
        {OCTAVO_OP_GATHER, "gather_mode", {3}, {}, "gather_mode is 3, expected 0 to 2"},
        {OCTAVO_OP_DEPTH_TO_SPACE, "column_row_depth", {1}, {}, "\"block\" is missing"},
        {OCTAVO_OP_SPACE_TO_DEPTH, "block", {0}, {}, "block is 0, expected 1 to 32768"},
        {OCTAVO_OP_RESIZE, "scales", {}, {1, 0}, "scales[1] is 0, expected above 0"},
        {OCTAVO_OP_RESIZE, "coordinates", {7}, {}, "coordinates is 7, expected 0 to 6"},
    };
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 4, 2, 2}), y = network.floats(OCTAVO_OUTPUT, {1, 4, 2, 2});
    for (const Wrong& wrong : cases) {
        const bool whole = wrong.reals.empty();
        const octavo_attribute entry{sizeof(octavo_attribute), wrong.key,
                                     static_cast<int64_t>(whole ? wrong.integers.size() : wrong.reals.size()),
                                     whole ? wrong.integers.data() : nullptr, whole ? nullptr : wrong.reals.data()};
        octavo_op_desc desc{};
        desc.size = sizeof desc;
        desc.kind = wrong.kind;
        desc.input_count = desc.output_count = desc.attribute_count = 1;
        desc.inputs = &x;
        desc.outputs = &y;
        desc.attributes = &entry;
        EXPECT_EQ(octavo_builder_op(network.handle(), &desc), OCTAVO_INVALID_ARGUMENT) << wrong.message;
        EXPECT_NE(std::string(octavo_last_error()).find(wrong.message), std::string::npos) << octavo_last_error();
    }
}

}  // namespace
}  // namespace octavo::test
