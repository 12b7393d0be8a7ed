// What a plan runs: steps in order, and for each value the place of its memory.
#ifndef OCTAVO_PLAN_PROGRAM_H
#define OCTAVO_PLAN_PROGRAM_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "ops/op.h"
#include "plan/backend.h"
#include "plan/describe.h"

namespace octavo {

struct StepInfo {
    std::string name, kernel, reason, fused;
    int64_t weight_bytes = 0;
    int64_t macs = 0;  // a sample
};

struct Step {
    StepInfo info;
    std::unique_ptr<Op> op;              // null: a view, nothing to run
    const BackendOp* backend = nullptr;  // op, where it is the back end's and so may fail
    std::vector<int> inputs, outputs;    // values, as in the node
};

// Where a value lies during a run.
struct Place {
    enum class Where { nowhere, samples, fixed, input, output, state };
    Where where = Where::nowhere;  // nowhere: packed constants
    int index = 0;                 // input, output: which buffer
    size_t offset = 0;             // samples: bytes a sample, times the samples of the chunk; fixed: bytes
    size_t sample_bytes = 0;       // input, output: bytes a sample; 0 if it has no batch
    std::byte* address = nullptr;  // state
};

// A value that lies in the caller's buffer.
struct Border {
    std::string name;
    octavo_dtype dtype;
    octavo_layout layout;
    bool batched;
    std::vector<int64_t> dims;  // dims[0] is 1 for a batched value
    size_t bytes;               // of a sample, if batched
    size_t element_bytes;
};

struct Program {
    std::vector<Step> steps;
    std::vector<Place> places;                      // one a value
    std::vector<Border> inputs, outputs;            // in the order of their adding
    std::map<int, AlignedArray<std::byte>> states;  // by value
    size_t operand_bytes = 0;                       // addresses of one step's inputs and outputs, in whole lines
    size_t sample_bytes = 0, fixed_bytes = 0;       // the arena's two parts: a sample's, and what has no batch
    bool whole = false;                             // a run's batch must not be cut
    bool in_backend = false;                        // a step is the back end's
    int64_t weight_bytes = 0;
};

// Chooses implementations, packs on so many threads what is not among the shared weights yet (null: there are none), and lays out
// the memory. The nodes are as a Builder checked them. Throws Error.
Program lower(const std::vector<Value>& values, const std::vector<Node>& nodes, Isa isa, int threads,
              SharedObjects* weights);

}  // namespace octavo

#endif
