// Linear layers and convolutions against PyTorch's fbgemm engine: every integer and every float equal, on every ISA.
#include <gtest/gtest.h>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/golden.h"
#include "support/values.h"

namespace octavo::test {
namespace {

Value weight_of(const Golden& golden, const Json& c) {
    const GoldenTensor w = golden.tensor(c["inputs"]["w"]);
    Value value = constant(OCTAVO_S8, w.shape, w.as<int8_t>());
    value.axis = c["params"]["per_channel"].boolean ? 0 : -1;
    value.scales = golden.tensor(c["inputs"]["w_scale"]).as<float>();
    value.zero_points.assign(value.scales.size(), c["params"]["w_zero_point"].integer());
    return value;
}

struct Bias {
    Value value;
    const Value* given = nullptr;
    Bias(const Golden& golden, const Json& c) {
        if (c["inputs"]["bias"].is_null()) return;
        const GoldenTensor b = golden.tensor(c["inputs"]["bias"]);
        value = constant(OCTAVO_F32, b.shape, b.as<float>());
        given = &value;
    }
};

TEST(ProductsGolden, Linear) {
    const Golden golden("linear_static");
    Coverage coverage("linear golden");
    for (const Json& c : golden.cases()) {
        // Where results pass 2^31 steps, PyTorch gives the least code for the greatest; Octavo saturates (linear_test).
        if (c["name"].string.rfind("beyond_int32/", 0) == 0) continue;
        SCOPED_TRACE(c["name"].string);
        const Json& p = c["params"];
        const GoldenTensor a = golden.tensor(c["inputs"]["a"]), expected = golden.tensor(c["expected"]["y"]);
        const Value x = activation(OCTAVO_U8, a.shape, p["a_scale"].real(), p["a_zero_point"].integer());
        const Value y = activation(OCTAVO_U8, expected.shape, p["out_scale"].real(), p["out_zero_point"].integer());
        const Value w = weight_of(golden, c);
        const Bias bias(golden, c);
        const GuardedBuffer<uint8_t> input(a.as<uint8_t>());
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            OpDesc desc = operator_desc(OCTAVO_OP_LINEAR, {&x, &w, bias.given}, y, isa);
            if (p["relu"].boolean) desc.attributes.activation = OCTAVO_RELU;
            const auto op = create_op(desc);
            const auto found = run_op<uint8_t>(*op, a.shape[0], 1, {input.data(), nullptr, nullptr}, expected.size);
            ASSERT_TRUE(same_bits(found, expected.as<uint8_t>()));
            coverage.ran(isa);
        }
    }
}

TEST(ProductsGolden, Conv2d) {
    const Golden golden("conv2d_static");
    Coverage coverage("conv2d golden");
    int skipped = 0;
    for (const Json& c : golden.cases()) {
        SCOPED_TRACE(c["name"].string);
        const Json& p = c["params"];
        // There fbgemm's depthwise kernel saturated pair sums in 16 bits; Octavo's sums are exact.
        if (p["differ_from_exact_sums"].integer() > 0) {
            skipped++;
            continue;
        }
        const GoldenTensor a = golden.tensor(c["inputs"]["a"]), expected = golden.tensor(c["expected"]["y"]);
        const Value x = activation(OCTAVO_U8, a.shape, p["a_scale"].real(), p["a_zero_point"].integer());
        const Value y = activation(OCTAVO_U8, expected.shape, p["out_scale"].real(), p["out_zero_point"].integer());
        const Value w = weight_of(golden, c);
        const Bias bias(golden, c);
        const GuardedBuffer<uint8_t> input(to_nhwc(a.as<uint8_t>(), a.shape));
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            OpDesc desc = operator_desc(OCTAVO_OP_CONV2D, {&x, &w, bias.given, nullptr}, y, isa);
            for (size_t i = 0; i < 2; i++) {
                desc.attributes.stride[i] = p["stride"][i].integer();
                desc.attributes.dilation[i] = p["dilation"][i].integer();
                desc.attributes.pad[i] = desc.attributes.pad[i + 2] = p["padding"][i].integer();
            }
            desc.attributes.groups = p["groups"].integer();
            if (p["relu"].boolean) desc.attributes.activation = OCTAVO_RELU;
            const auto op = create_op(desc);
            SCOPED_TRACE(op->kernel());
            const auto found =
                run_op<uint8_t>(*op, a.shape[0], 1, {input.data(), nullptr, nullptr, nullptr}, expected.size);
            ASSERT_TRUE(same_bits(found, to_nhwc(expected.as<uint8_t>(), expected.shape)));
            coverage.ran(isa);
        }
    }
    EXPECT_LT(skipped * 2, static_cast<int>(golden.cases().size()));
}

TEST(ProductsGolden, LinearDynamic) {
    const Golden golden("linear_dynamic");
    Coverage coverage("linear_dynamic golden");
    for (const Json& c : golden.cases()) {
        SCOPED_TRACE(c["name"].string);
        const GoldenTensor a = golden.tensor(c["inputs"]["x"]), expected = golden.tensor(c["expected"]["y"]);
        const Value x = float_value(a.shape), y = float_value(expected.shape);
        const Value w = weight_of(golden, c);
        const Bias bias(golden, c);
        const GuardedBuffer<float> input(a.as<float>());
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            OpDesc desc = operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&x, &w, bias.given}, y, isa);
            desc.attributes.reduce_range = c["params"]["reduce_range"].boolean ? 1 : 0;
            const auto op = create_op(desc);
            const auto found = run_op<float>(*op, a.shape[0], 1, {input.data(), nullptr, nullptr}, expected.size / 4);
            ASSERT_TRUE(same_bits(found, expected.as<float>()));
            coverage.ran(isa);
        }
    }
}

}  // namespace
}  // namespace octavo::test
