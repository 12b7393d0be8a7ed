// What is known of an operator's kind before its types and shapes are looked at.
#ifndef OCTAVO_PLAN_SIGNATURE_H
#define OCTAVO_PLAN_SIGNATURE_H

#include <cstddef>
#include <cstdint>

#include "octavo/octavo.h"

namespace octavo {

// Of max_inputs, max_outputs: as many as a description has, up to this.
constexpr int any_number = 4096;

struct Signature {
    octavo_op_kind kind;
    const char* name;     // as octavo.h has it, in lower case: "conv2d"
    int required_inputs;  // the first so many must be present
    int max_inputs;
    int max_outputs;     // at least one must be wanted, unless this is 0
    bool couples;        // a sample's result depends on the whole batch
    uint32_t state = 0;  // bit i: input i is changed by a run, so it must be state

    bool changes(size_t input) const { return (state >> input & 1) != 0; }
};

// Null for a number that is no operator.
const Signature* find_signature(octavo_op_kind kind);

}  // namespace octavo

#endif
