// One layer through Octavo's C interface.
#ifndef OCTAVO_BENCH_OCTAVO_LAYER_H
#define OCTAVO_BENCH_OCTAVO_LAYER_H

#include <functional>
#include <memory>
#include <vector>

#include "bench/problem.h"
#include "bench/workload.h"
#include "octavo/octavo.h"

namespace octavo::bench {

// Throws std::runtime_error with octavo_last_error.
void check(octavo_status status);

// A plan with one output.
class PlanWorkload : public Workload {
public:
    // Takes the plan. inputs: of `batch` samples.
    PlanWorkload(octavo_plan* plan, int64_t batch, std::vector<Bytes> inputs);
    ~PlanWorkload() override;
    PlanWorkload(const PlanWorkload&) = delete;
    PlanWorkload& operator=(const PlanWorkload&) = delete;

    void run() override;
    const Bytes& output() const override { return output_; }
    const octavo_plan* plan() const { return plan_; }

private:
    octavo_plan* plan_;
    std::vector<Bytes> inputs_;
    Bytes output_;
    std::vector<std::vector<int64_t>> shapes_;
    std::vector<octavo_buffer> buffers_;  // of the inputs, then of the output
};

// The plan that `describe` puts into a builder.
octavo_plan* describe_plan(const std::function<void(octavo_builder*)>& describe, int threads, bool profile = false);

// A linear layer or convolution. as_codes: of a table4 problem with its codes, else with the s8 numbers that they stand for.
std::unique_ptr<Workload> octavo_layer(const Problem& problem, bool as_codes);

}  // namespace octavo::bench

#endif
