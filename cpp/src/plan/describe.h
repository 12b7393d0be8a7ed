// From the C descriptions to values and operators of our own: everything checked, every array copied.
#ifndef OCTAVO_PLAN_DESCRIBE_H
#define OCTAVO_PLAN_DESCRIBE_H

#include <string>
#include <vector>

#include "base/attributes.h"
#include "ops/op.h"
#include "plan/signature.h"

namespace octavo {

// An operator between numbered values.
struct Node {
    std::string name;
    const Signature* signature = nullptr;
    Attributes attributes;
    std::vector<int> inputs;   // all that the kind can have, of any number those that are given; -1: absent
    std::vector<int> outputs;  // the same; -1: not wanted

    int output_count() const;  // wanted ones
};

// The descriptions are in this version's sizes. Throws Error naming the value, what was found and what was expected. `number` is the value's, for a name where none is given.
Value describe_value(const octavo_value_desc& desc, int number);
// The same for an operator; value numbers must be below value_count.
Node describe_node(const octavo_op_desc& desc, int number, int value_count);

const char* role_text(octavo_role role);

}  // namespace octavo

#endif
