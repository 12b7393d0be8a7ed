// An operator for the C interface, in fields.
#ifndef OCTAVO_BENCH_OPERATION_H
#define OCTAVO_BENCH_OPERATION_H

#include <cstdint>
#include <string>
#include <vector>

#include "octavo/octavo.h"

namespace octavo::bench {

struct Operation {
    std::string name;
    octavo_op_kind kind = OCTAVO_OP_CONV2D;
    octavo_backend_id backend = OCTAVO_BACKEND_AUTO;
    std::vector<int32_t> inputs, outputs;
    int64_t kernel = 0, stride = 1, padding = 0;  // the same in both directions; kernel 0: the operator has no window
    int64_t groups = 1;
    bool relu = false;

    void add_to(octavo_builder* builder) const;
};

// A value's description without quantization or data; dims live as long as the caller's.
octavo_value_desc describe_value(octavo_dtype dtype, octavo_role role, octavo_layout layout, bool batched,
                                 const std::vector<int64_t>& dims);

int32_t add_value(octavo_builder* builder, const octavo_value_desc& desc);

}  // namespace octavo::bench

#endif
