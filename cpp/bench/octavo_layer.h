// One layer through Octavo's C interface.
#ifndef OCTAVO_BENCH_OCTAVO_LAYER_H
#define OCTAVO_BENCH_OCTAVO_LAYER_H

#include <memory>

#include "bench/problem.h"
#include "bench/workload.h"
#include "octavo/octavo.h"

namespace octavo::bench {

// Throws std::runtime_error with octavo_last_error.
void check(octavo_status status);

// A plan with one input and one output.
class PlanWorkload : public Workload {
public:
    // Takes the plan. input: of `batch` samples.
    PlanWorkload(octavo_plan* plan, int64_t batch, Bytes input);
    ~PlanWorkload() override;
    PlanWorkload(const PlanWorkload&) = delete;
    PlanWorkload& operator=(const PlanWorkload&) = delete;

    void run() override;
    const Bytes& output() const override { return output_; }
    const octavo_plan* plan() const { return plan_; }

private:
    octavo_plan* plan_;
    int64_t batch_;
    Bytes input_, output_;
};

// The plan that `builder` describes; destroys the builder.
octavo_plan* build_plan(octavo_builder* builder, int threads, bool profile = false);

// A linear layer or convolution. as_codes: of a table4 problem with its codes, else with the s8 numbers that they stand for.
std::unique_ptr<Workload> octavo_layer(const Problem& problem, bool as_codes);

}  // namespace octavo::bench

#endif
