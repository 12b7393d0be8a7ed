#include "plan/signature.h"

namespace octavo {
namespace {

// Training works on a batch as a whole: its sums run over it, and a step changes the state once.
constexpr Signature signatures[] = {
    {OCTAVO_OP_CONV2D, "conv2d", 2, 4, 1, false},
    {OCTAVO_OP_LINEAR, "linear", 2, 3, 1, false},
    {OCTAVO_OP_LINEAR_DYNAMIC, "linear_dynamic", 2, 3, 1, true},
    {OCTAVO_OP_MAX_POOL2D, "max_pool2d", 1, 1, 1, false},
    {OCTAVO_OP_AVG_POOL2D, "avg_pool2d", 1, 1, 1, false},
    {OCTAVO_OP_ADAPTIVE_AVG_POOL2D, "adaptive_avg_pool2d", 1, 1, 1, false},
    {OCTAVO_OP_ADD, "add", 2, 2, 1, false},
    {OCTAVO_OP_CLAMP, "clamp", 1, 1, 1, false},
    {OCTAVO_OP_SOFTMAX, "softmax", 1, 1, 1, false},
    {OCTAVO_OP_QUANTIZE, "quantize", 1, 1, 1, false},
    {OCTAVO_OP_DEQUANTIZE, "dequantize", 1, 1, 1, false},
    {OCTAVO_OP_REQUANTIZE, "requantize", 1, 1, 1, false},
    {OCTAVO_OP_REORDER, "reorder", 1, 1, 1, false},
    {OCTAVO_OP_FLATTEN, "flatten", 1, 1, 1, false},
    {OCTAVO_OP_BATCH_NORM, "batch_norm", 5, 5, 1, false},
    {OCTAVO_OP_UNARY, "unary", 1, 1, 1, false},
    {OCTAVO_OP_BINARY, "binary", 2, 2, 1, false},
    {OCTAVO_OP_COMPARE, "compare", 2, 2, 1, false},
    {OCTAVO_OP_WHERE, "where", 3, 3, 1, false},
    {OCTAVO_OP_CAST, "cast", 1, 1, 1, false},
    {OCTAVO_OP_REDUCE, "reduce", 1, 1, 1, false},
    {OCTAVO_OP_ARG_REDUCE, "arg_reduce", 1, 1, 1, false},
    {OCTAVO_OP_TOP_K, "top_k", 1, 1, 2, false},
    {OCTAVO_OP_CUM_SUM, "cum_sum", 1, 1, 1, false},
    {OCTAVO_OP_LAYER_NORM, "layer_norm", 1, 3, 3, false},
    {OCTAVO_OP_GROUP_NORM, "group_norm", 3, 3, 1, false},
    {OCTAVO_OP_LOCAL_RESPONSE, "local_response", 1, 1, 1, false},
    {OCTAVO_OP_RESHAPE, "reshape", 1, 1, 1, false},
    {OCTAVO_OP_TRANSPOSE, "transpose", 1, 1, 1, false},
    {OCTAVO_OP_SLICE, "slice", 1, 1, 1, false},
    {OCTAVO_OP_CONCAT, "concat", 1, any_number, 1, false},
    {OCTAVO_OP_SPLIT, "split", 1, 1, any_number, false},
    {OCTAVO_OP_PAD, "pad", 1, 2, 1, false},
    {OCTAVO_OP_GATHER, "gather", 2, 2, 1, false},
    {OCTAVO_OP_EXPAND, "expand", 1, 1, 1, false},
    {OCTAVO_OP_TILE, "tile", 1, 1, 1, false},
    {OCTAVO_OP_TRILU, "trilu", 1, 1, 1, false},
    {OCTAVO_OP_ONE_HOT, "one_hot", 2, 2, 1, false},
    {OCTAVO_OP_SPACE_TO_DEPTH, "space_to_depth", 1, 1, 1, false},
    {OCTAVO_OP_DEPTH_TO_SPACE, "depth_to_space", 1, 1, 1, false},
    {OCTAVO_OP_RESIZE, "resize", 1, 1, 1, false},
    {OCTAVO_OP_MATMUL, "matmul", 2, 2, 1, false},
    {OCTAVO_OP_CONV_TRANSPOSE2D, "conv_transpose2d", 2, 3, 1, false},
    {OCTAVO_OP_CONV2D_GRAD_INPUT, "conv2d_grad_input", 2, 2, 1, true},
    {OCTAVO_OP_CONV2D_GRAD_WEIGHT, "conv2d_grad_weight", 2, 2, 2, true},
    {OCTAVO_OP_LINEAR_GRAD_INPUT, "linear_grad_input", 2, 2, 1, true},
    {OCTAVO_OP_LINEAR_GRAD_WEIGHT, "linear_grad_weight", 2, 2, 2, true},
    {OCTAVO_OP_BATCH_NORM_TRAIN, "batch_norm_train", 5, 5, 3, true, 0b11000},
    {OCTAVO_OP_BATCH_NORM_GRAD, "batch_norm_grad", 5, 5, 3, true},
    {OCTAVO_OP_CLAMP_GRAD, "clamp_grad", 2, 2, 1, true},
    {OCTAVO_OP_MAX_POOL2D_TRAIN, "max_pool2d_train", 1, 1, 2, true},
    {OCTAVO_OP_MAX_POOL2D_GRAD, "max_pool2d_grad", 2, 2, 1, true},
    {OCTAVO_OP_AVG_POOL2D_GRAD, "avg_pool2d_grad", 1, 1, 1, true},
    {OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD, "adaptive_avg_pool2d_grad", 1, 1, 1, true},
    {OCTAVO_OP_FLATTEN_GRAD, "flatten_grad", 1, 1, 1, true},
    {OCTAVO_OP_DROPOUT_TRAIN, "dropout_train", 2, 2, 2, true},
    {OCTAVO_OP_DROPOUT_GRAD, "dropout_grad", 2, 2, 1, true},
    {OCTAVO_OP_SOFTMAX_GRAD, "softmax_grad", 2, 2, 1, true},
    {OCTAVO_OP_CROSS_ENTROPY, "cross_entropy", 2, 2, 3, true},
    {OCTAVO_OP_SGD_STEP, "sgd_step", 4, 4, 0, true, 0b0101},
    {OCTAVO_OP_ADAM_STEP, "adam_step", 5, 5, 0, true, 0b01101},
};

}  // namespace

const Signature* find_signature(octavo_op_kind kind) {
    for (const Signature& signature : signatures) {
        if (signature.kind == kind) return &signature;
    }
    return nullptr;
}

}  // namespace octavo
