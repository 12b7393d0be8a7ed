#include "plan/builder.h"

#include <memory>

#include "abi/handles.h"
#include "abi/status.h"
#include "plan/backend.h"
#include "plan/text.h"

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
    if (options.isa != nullptr) out.isa = octavo::isa_by_name(options.isa);
    return out;
}

}  // namespace

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
        *number = builder->builder.add_value(*desc);
    });
}

octavo_status octavo_builder_op(octavo_builder* builder, const octavo_op_desc* desc) {
    return guarded([&] {
        octavo::require(builder, "builder");
        octavo::require(desc, "desc");
        builder->builder.add_node(*desc);
    });
}

octavo_status octavo_builder_build(octavo_builder* builder, const octavo_plan_options* options, octavo_plan** plan) {
    return guarded([&] {
        octavo::require(builder, "builder");
        octavo::require(plan, "plan");
        auto built = std::make_unique<octavo_plan>();
        built->plan = builder->builder.build(plan_options(options != nullptr ? *options : octavo_plan_options{}));
        *plan = built.release();
    });
}

octavo_status octavo_register_backend(const octavo_backend* backend) {
    return guarded([&] {
        octavo::require(backend, "backend");
        octavo::register_backend(*backend);
    });
}
