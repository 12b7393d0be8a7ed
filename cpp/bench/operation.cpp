#include "bench/operation.h"

#include "bench/octavo_layer.h"

namespace octavo::bench {

void Operation::add_to(octavo_builder* builder) const {
    const int64_t kernels[] = {kernel, kernel}, strides[] = {stride, stride};
    const int64_t pads[] = {padding, padding, padding, padding}, activation = OCTAVO_RELU;
    std::vector<octavo_attribute> attributes;
    const auto add = [&](const char* key, int64_t count, const int64_t* numbers) {
        attributes.push_back({sizeof(octavo_attribute), key, count, numbers, nullptr});
    };
    if (kernel > 0) {
        add("kernel", 2, kernels);
        add("stride", 2, strides);
        add("pad", 4, pads);
    }
    if (groups > 1) add("groups", 1, &groups);
    if (relu) add("activation", 1, &activation);
    octavo_op_desc desc{};
    desc.size = sizeof desc;
    desc.name = name.empty() ? nullptr : name.c_str();
    desc.kind = kind;
    desc.backend = backend;
    desc.input_count = static_cast<int64_t>(inputs.size());
    desc.inputs = inputs.data();
    desc.output_count = static_cast<int64_t>(outputs.size());
    desc.outputs = outputs.data();
    desc.attribute_count = static_cast<int64_t>(attributes.size());
    desc.attributes = attributes.data();
    check(octavo_builder_op(builder, &desc));
}

octavo_value_desc describe_value(octavo_dtype dtype, octavo_role role, octavo_layout layout, bool batched,
                                 const std::vector<int64_t>& dims) {
    octavo_value_desc desc{};
    desc.size = sizeof desc;
    desc.dtype = dtype;
    desc.role = role;
    desc.layout = layout;
    desc.batched = batched;
    desc.rank = static_cast<int64_t>(dims.size());
    desc.dims = dims.data();
    desc.axis = -1;
    return desc;
}

int32_t add_value(octavo_builder* builder, const octavo_value_desc& desc) {
    int32_t number = -1;
    check(octavo_builder_value(builder, &desc, &number));
    return number;
}

}  // namespace octavo::bench
