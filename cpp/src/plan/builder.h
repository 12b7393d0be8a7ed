// A network as it is described: values, operators between them, in the order of their running.
#ifndef OCTAVO_PLAN_BUILDER_H
#define OCTAVO_PLAN_BUILDER_H

#include <memory>
#include <vector>

#include "plan/describe.h"
#include "plan/plan.h"

namespace octavo {

class Builder {
public:
    // Checks and copies; the value's number. Throws Error.
    int add_value(const octavo_value_desc& desc);
    // The same for an operator: its inputs must have been written, its outputs not yet.
    void add_node(const octavo_op_desc& desc);
    // Can be called again, after more was added too.
    std::unique_ptr<Plan> build(const PlanOptions& options) const;

private:
    std::vector<Value> values_;
    std::vector<Node> nodes_;
    std::vector<int> writers_;  // by value; -1: no operator
};

}  // namespace octavo

#endif
