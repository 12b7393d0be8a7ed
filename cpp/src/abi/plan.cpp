#include "plan/plan.h"

#include "abi/handles.h"
#include "abi/status.h"
#include "base/sized.h"
#include "base/sizes.h"
#include "base/text.h"

using octavo::Error;
using octavo::guarded;
using octavo::text;

namespace {

int64_t border_bytes(const std::vector<octavo::Border>& borders, int32_t index, int64_t batch) {
    if (index < 0 || static_cast<size_t>(index) >= borders.size() || batch < 1) return -1;
    const octavo::Border& border = borders[index];
    const int64_t bytes = static_cast<int64_t>(border.bytes);
    int64_t all;
    if (__builtin_mul_overflow(bytes, border.batched ? batch : 1, &all)) return -1;
    return all;
}

void write_border(const char* what, const std::vector<octavo::Border>& borders, int32_t index,
                  octavo_value_info* info) {
    if (index < 0 || static_cast<size_t>(index) >= borders.size()) {
        throw Error(OCTAVO_INVALID_ARGUMENT, text(what, " ", index, ", the plan has ", borders.size()));
    }
    const octavo::Border& border = borders[index];
    const octavo_value_info ours = {sizeof ours,       border.name.c_str(), border.dtype,
                                    border.layout,     border.batched,      static_cast<int64_t>(border.dims.size()),
                                    border.dims.data()};
    octavo::write_sized(ours, OCTAVO_SIZE_TO(octavo_value_info, dims), "octavo_value_info", info);
}

}  // namespace

octavo_status octavo_plan_run(octavo_plan* plan, const octavo_run_args* args) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(args, "args");
        plan->plan->run(octavo::read_sized(*args, OCTAVO_SIZE_TO(octavo_run_args, outputs), "octavo_run_args"));
    });
}

void octavo_plan_destroy(octavo_plan* plan) { delete plan; }

int32_t octavo_plan_input_count(const octavo_plan* plan) {
    return plan == nullptr ? 0 : static_cast<int32_t>(plan->plan->program().inputs.size());
}

int32_t octavo_plan_output_count(const octavo_plan* plan) {
    return plan == nullptr ? 0 : static_cast<int32_t>(plan->plan->program().outputs.size());
}

octavo_status octavo_plan_input(const octavo_plan* plan, int32_t index, octavo_value_info* info) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(info, "info");
        write_border("input", plan->plan->program().inputs, index, info);
    });
}

octavo_status octavo_plan_output(const octavo_plan* plan, int32_t index, octavo_value_info* info) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(info, "info");
        write_border("output", plan->plan->program().outputs, index, info);
    });
}

int64_t octavo_plan_input_bytes(const octavo_plan* plan, int32_t index, int64_t batch) {
    return plan == nullptr ? -1 : border_bytes(plan->plan->program().inputs, index, batch);
}

int64_t octavo_plan_output_bytes(const octavo_plan* plan, int32_t index, int64_t batch) {
    return plan == nullptr ? -1 : border_bytes(plan->plan->program().outputs, index, batch);
}

octavo_status octavo_plan_read_state(octavo_plan* plan, int32_t value, void* data, int64_t bytes) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(data, "data");
        plan->plan->read_state(value, data, bytes);
    });
}

octavo_status octavo_plan_write_state(octavo_plan* plan, int32_t value, const void* data, int64_t bytes) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(data, "data");
        plan->plan->write_state(value, data, bytes);
    });
}

const char* octavo_plan_isa(const octavo_plan* plan) {
    return plan == nullptr ? "" : octavo::isa_name(plan->plan->isa());
}

int32_t octavo_plan_step_count(const octavo_plan* plan) {
    return plan == nullptr ? 0 : static_cast<int32_t>(plan->plan->program().steps.size());
}

octavo_status octavo_plan_step(const octavo_plan* plan, int32_t index, octavo_step_info* info) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(info, "info");
        const auto& steps = plan->plan->program().steps;
        if (index < 0 || static_cast<size_t>(index) >= steps.size()) {
            throw Error(OCTAVO_INVALID_ARGUMENT, text("step ", index, ", expected 0 to ", steps.size() - 1));
        }
        const octavo::StepInfo& step = steps[index].info;
        const octavo_step_info ours = {
            sizeof ours,        step.name.c_str(), step.kernel.c_str(), step.reason.c_str(),
            step.fused.c_str(), step.weight_bytes, step.macs,           plan->plan->nanoseconds(index)};
        octavo::write_sized(ours, OCTAVO_SIZE_TO(octavo_step_info, kernel), "octavo_step_info", info);
    });
}

octavo_status octavo_plan_memory_info(const octavo_plan* plan, octavo_plan_memory* memory) {
    return guarded([&] {
        octavo::require(plan, "plan");
        octavo::require(memory, "memory");
        const octavo_plan_memory ours = {sizeof ours, plan->plan->program().weight_bytes, plan->plan->workspace_bytes(),
                                         plan->plan->workspaces(), plan->plan->chunk()};
        octavo::write_sized(ours, OCTAVO_SIZE_TO(octavo_plan_memory, weight_bytes), "octavo_plan_memory", memory);
    });
}
