#include "ops/op.h"

#include "base/sizes.h"
#include "ops/factories.h"

namespace octavo {

int64_t Value::elements() const { return checked_product(dims); }

size_t Value::element_bytes() const {
    if (dtype == OCTAVO_S64) return 8;
    return dtype == OCTAVO_F32 || dtype == OCTAVO_S32 ? 4 : 1;
}

std::string Value::shape_text() const {
    std::string text = "[";
    for (size_t i = 0; i < dims.size(); ++i) {
        if (i > 0) text += ", ";
        text += i == 0 && batched ? "N" : std::to_string(dims[i]);
    }
    return text + "]";
}

size_t Op::scratch_bytes(int64_t, int) const { return 0; }
bool Op::couples_batch() const { return false; }
bool Op::in_place() const { return false; }
std::string Op::reason() const { return ""; }
int64_t Op::weight_bytes() const { return 0; }
int64_t Op::macs() const { return 0; }

namespace {

struct Row {
    octavo_op_kind kind;
    OpFactory create;
};

// Every operator that Octavo itself implements.
constexpr Row rows[] = {
    {OCTAVO_OP_CONV2D, create_conv2d},
    {OCTAVO_OP_LINEAR, create_linear},
    {OCTAVO_OP_LINEAR_DYNAMIC, create_linear_dynamic},
    {OCTAVO_OP_MAX_POOL2D, create_max_pool2d},
    {OCTAVO_OP_AVG_POOL2D, create_avg_pool2d},
    {OCTAVO_OP_ADAPTIVE_AVG_POOL2D, create_adaptive_avg_pool2d},
    {OCTAVO_OP_ADD, create_add},
    {OCTAVO_OP_CLAMP, create_clamp},
    {OCTAVO_OP_SOFTMAX, create_softmax},
    {OCTAVO_OP_QUANTIZE, create_quantize},
    {OCTAVO_OP_DEQUANTIZE, create_dequantize},
    {OCTAVO_OP_REQUANTIZE, create_requantize},
    {OCTAVO_OP_REORDER, create_reorder},
    {OCTAVO_OP_FLATTEN, create_flatten},
    {OCTAVO_OP_UNARY, create_unary},
    {OCTAVO_OP_BINARY, create_binary},
    {OCTAVO_OP_COMPARE, create_compare},
    {OCTAVO_OP_WHERE, create_where},
    {OCTAVO_OP_CAST, create_cast},
    {OCTAVO_OP_REDUCE, create_reduce},
    {OCTAVO_OP_ARG_REDUCE, create_arg_reduce},
    {OCTAVO_OP_TOP_K, create_top_k},
    {OCTAVO_OP_CUM_SUM, create_cum_sum},
    {OCTAVO_OP_LAYER_NORM, create_layer_norm},
    {OCTAVO_OP_GROUP_NORM, create_group_norm},
    {OCTAVO_OP_LOCAL_RESPONSE, create_local_response},
    {OCTAVO_OP_RESHAPE, create_reshape},
    {OCTAVO_OP_TRANSPOSE, create_transpose},
    {OCTAVO_OP_SLICE, create_slice},
    {OCTAVO_OP_CONCAT, create_concat},
    {OCTAVO_OP_SPLIT, create_split},
    {OCTAVO_OP_PAD, create_pad},
    {OCTAVO_OP_GATHER, create_gather},
    {OCTAVO_OP_EXPAND, create_expand},
    {OCTAVO_OP_TILE, create_tile},
    {OCTAVO_OP_TRILU, create_trilu},
    {OCTAVO_OP_ONE_HOT, create_one_hot},
    {OCTAVO_OP_SPACE_TO_DEPTH, create_space_to_depth},
    {OCTAVO_OP_DEPTH_TO_SPACE, create_depth_to_space},
    {OCTAVO_OP_RESIZE, create_resize},
    {OCTAVO_OP_MATMUL, create_matmul},
};

}  // namespace

std::unique_ptr<Op> create_op(const OpDesc& desc) {
    for (const Row& row : rows)
        if (row.kind == desc.attributes.kind) return row.create(desc);
    throw Refusal("operator \"" + desc.name + "\": Octavo has no kernel of its own for kind " +
                  std::to_string(desc.attributes.kind));
}

}  // namespace octavo
