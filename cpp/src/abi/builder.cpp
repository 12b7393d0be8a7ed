#include "plan/builder.h"

#include <memory>

#include "abi/handles.h"
#include "abi/status.h"
#include "base/sized.h"
#include "base/text.h"
#include "plan/backend.h"

using octavo::Error;
using octavo::guarded;
using octavo::text;

namespace {

octavo::PlanOptions plan_options(const octavo_plan_options& options) {
    octavo::PlanOptions out;
    if (options.threads < 0 || options.threads > 1024) {
        throw Error(OCTAVO_INVALID_ARGUMENT, text("threads is ", options.threads, ", expected 0 to 1024"));
    }
    if (options.chunk < 0)
        throw Error(OCTAVO_INVALID_ARGUMENT, text("chunk is ", options.chunk, ", expected at least 0"));
    if (options.profile != 0 && options.profile != 1) {
        throw Error(OCTAVO_INVALID_ARGUMENT, text("profile is ", options.profile, ", expected 0 or 1"));
    }
    out.threads = options.threads;
    out.chunk = options.chunk;
    out.profile = options.profile == 1;
    // Asked for first in any case: a wrong OCTAVO_ISA is an error also where the plan names an instruction set of its own.
    out.isa = octavo::active_isa();
    if (options.isa != nullptr) out.isa = octavo::best_under(out.isa, octavo::isa_by_name(options.isa));
    if (options.weights != nullptr) out.weights = options.weights->objects;
    return out;
}

}  // namespace

octavo_status octavo_weights_create(octavo_weights** weights) {
    return guarded([&] {
        octavo::require(weights, "weights");
        *weights = new octavo_weights{std::make_shared<octavo::SharedObjects>()};
    });
}

void octavo_weights_destroy(octavo_weights* weights) { delete weights; }

octavo_status octavo_weights_memory_info(const octavo_weights* weights, octavo_weights_memory* memory) {
    return guarded([&] {
        octavo::require(weights, "weights");
        octavo::require(memory, "memory");
        const octavo::SharedObjects::Usage usage = weights->objects->usage();
        const octavo_weights_memory ours = {sizeof ours, usage.bytes, usage.objects, usage.made};
        octavo::write_sized(ours, OCTAVO_SIZE_TO(octavo_weights_memory, bytes), "octavo_weights_memory", memory);
    });
}

octavo_status octavo_builder_create(octavo_builder** builder) {
    return guarded([&] {
        octavo::require(builder, "builder");
        *builder = new octavo_builder;
    });
}

void octavo_builder_destroy(octavo_builder* builder) { delete builder; }

octavo_status octavo_builder_value(octavo_builder* builder, const octavo_value_desc* desc, int32_t* number) {
    return guarded([&] {
        octavo::require(builder, "builder");
        octavo::require(desc, "desc");
        octavo::require(number, "number");
        *number = builder->builder.add_value(
            octavo::read_sized(*desc, OCTAVO_SIZE_TO(octavo_value_desc, data), "octavo_value_desc"));
    });
}

octavo_status octavo_builder_op(octavo_builder* builder, const octavo_op_desc* desc) {
    return guarded([&] {
        octavo::require(builder, "builder");
        octavo::require(desc, "desc");
        builder->builder.add_node(octavo::read_sized(*desc, OCTAVO_SIZE_TO(octavo_op_desc, outputs), "octavo_op_desc"));
    });
}

octavo_status octavo_builder_build(octavo_builder* builder, const octavo_plan_options* options, octavo_plan** plan) {
    return guarded([&] {
        octavo::require(builder, "builder");
        octavo::require(plan, "plan");
        auto built = std::make_unique<octavo_plan>();
        octavo_plan_options wanted{};
        if (options != nullptr)
            wanted = octavo::read_sized(*options, OCTAVO_SIZE_TO(octavo_plan_options, size), "octavo_plan_options");
        built->plan = builder->builder.build(plan_options(wanted));
        *plan = built.release();
    });
}

octavo_status octavo_register_backend(const octavo_backend* backend) {
    return guarded([&] {
        octavo::require(backend, "backend");
        octavo::register_backend(
            octavo::read_sized(*backend, OCTAVO_SIZE_TO(octavo_backend, weight_bytes), "octavo_backend"));
    });
}
