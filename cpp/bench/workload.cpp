#include "bench/workload.h"

#include <stdexcept>

#include "bench/describer.h"

namespace octavo::bench {

Workload::Workload(octavo_plan* plan, int64_t batch, std::vector<std::byte> input)
    : plan_(plan), batch_(batch), input_(std::move(input)) {
    output_.resize(static_cast<size_t>(octavo_plan_output_bytes(plan, 0, batch)));
}

Workload::~Workload() { octavo_plan_destroy(plan_); }

void Workload::run() {
    const void* inputs[] = {input_.data()};
    void* outputs[] = {output_.data()};
    check(octavo_plan_run(plan_, batch_, inputs, outputs));
}

int64_t Workload::macs() const {
    int64_t sum = 0;
    for (int32_t i = 0; i < octavo_plan_step_count(plan_); ++i) {
        octavo_step_info info{};
        check(octavo_plan_step(plan_, i, &info));
        sum += info.macs;
    }
    return sum * batch_;
}

}  // namespace octavo::bench
