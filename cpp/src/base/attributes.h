// The attributes of an operator: from the named entries of the C interface to fields, and back.
#ifndef OCTAVO_BASE_ATTRIBUTES_H
#define OCTAVO_BASE_ATTRIBUTES_H

#include <cstdint>
#include <string>
#include <vector>

#include "octavo/octavo.h"

namespace octavo {

// Fields as the keys of octavo.h, absent ones with what stands for them; those that a kind does not take keep it too.
struct Attributes {
    octavo_op_kind kind = OCTAVO_OP_CONV2D;
    octavo_backend_id backend = OCTAVO_BACKEND_AUTO;
    int32_t kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};  // height, width
    int32_t pad[4] = {0, 0, 0, 0};                                         // top, left, bottom, right
    int32_t groups = 1;
    int32_t ceil_mode = 0, count_include_pad = 0;
    octavo_activation activation = OCTAVO_NO_ACTIVATION;
    float clamp_min = 0, clamp_max = 0;
    float epsilon = 0, momentum = 0, probability = 0;
    int32_t reduce_range = 0, pytorch_tail = 0, quotient = 0;
    int32_t function = 0;  // of octavo_unary, octavo_binary, octavo_relation or octavo_reduction, as the kind says
    float alpha = 0, beta = 0, bias = 1;
    int32_t log = 0, greatest = 1, last = 0, exclusive = 0, reverse = 0, rms = 0;
    int32_t size = 1;
    int32_t axis = -1;  // the last
    int32_t axes[OCTAVO_MAX_RANK] = {};
    int32_t axis_count = 0;  // of axes
    // Movement. Of starts, steps and so on: how many there are.
    int32_t starts[OCTAVO_MAX_RANK] = {}, start_count = 0;
    int32_t steps[OCTAVO_MAX_RANK] = {}, step_count = 0;
    int32_t before[OCTAVO_MAX_RANK] = {}, before_count = 0;
    octavo_pad_mode pad_mode = OCTAVO_PAD_CONSTANT;
    octavo_gather_mode gather_mode = OCTAVO_GATHER_SLICES;
    int32_t batch_dims = 0, diagonal = 0, upper = 0, block = 1, column_row_depth = 0;
    octavo_interpolation interpolation = OCTAVO_NEAREST;
    octavo_coordinates coordinates = OCTAVO_HALF_PIXEL;
    octavo_nearest nearest = OCTAVO_ROUND_PREFER_FLOOR;
    float scales[OCTAVO_MAX_RANK] = {}, roi[2 * OCTAVO_MAX_RANK] = {};
    int32_t scale_count = 0, roi_count = 0, scale_axis = -1;
    int32_t exclude_outside = 0, antialias = 0;
    float cubic_a = -0.75f, extrapolation = 0;
};

// Reads an operator of a known kind. Throws Error naming the attribute, what was found and what was expected; subject begins the
// message.
Attributes read_attributes(const octavo_op_desc& desc, const std::string& subject);

// All entries that a kind takes, with the numbers that they point to.
class AttributeEntries {
public:
    explicit AttributeEntries(const Attributes& attributes);
    AttributeEntries(const AttributeEntries&) = delete;
    AttributeEntries& operator=(const AttributeEntries&) = delete;
    const std::vector<octavo_attribute>& entries() const { return entries_; }

private:
    std::vector<int64_t> integers_;
    std::vector<float> reals_;
    std::vector<octavo_attribute> entries_;
};

}  // namespace octavo

#endif
