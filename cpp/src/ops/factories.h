// The makers of the operators, one a kind; each throws Refusal or Error as create_op does.
#ifndef OCTAVO_OPS_FACTORIES_H
#define OCTAVO_OPS_FACTORIES_H

#include <memory>

#include "ops/op.h"

namespace octavo {

using OpFactory = std::unique_ptr<Op> (*)(const OpDesc&);

std::unique_ptr<Op> create_conv2d(const OpDesc& desc);
std::unique_ptr<Op> create_linear(const OpDesc& desc);
std::unique_ptr<Op> create_linear_weight_only(const OpDesc& desc);  // f32 x quantized weights; by create_linear
std::unique_ptr<Op> create_linear_dynamic(const OpDesc& desc);
std::unique_ptr<Op> create_max_pool2d(const OpDesc& desc);
std::unique_ptr<Op> create_avg_pool2d(const OpDesc& desc);
std::unique_ptr<Op> create_adaptive_avg_pool2d(const OpDesc& desc);
std::unique_ptr<Op> create_add(const OpDesc& desc);
std::unique_ptr<Op> create_clamp(const OpDesc& desc);
std::unique_ptr<Op> create_softmax(const OpDesc& desc);
std::unique_ptr<Op> create_quantize(const OpDesc& desc);
std::unique_ptr<Op> create_dequantize(const OpDesc& desc);
std::unique_ptr<Op> create_requantize(const OpDesc& desc);
std::unique_ptr<Op> create_reorder(const OpDesc& desc);
std::unique_ptr<Op> create_flatten(const OpDesc& desc);
std::unique_ptr<Op> create_unary(const OpDesc& desc);
std::unique_ptr<Op> create_binary(const OpDesc& desc);
std::unique_ptr<Op> create_compare(const OpDesc& desc);
std::unique_ptr<Op> create_where(const OpDesc& desc);
std::unique_ptr<Op> create_cast(const OpDesc& desc);
std::unique_ptr<Op> create_reduce(const OpDesc& desc);
std::unique_ptr<Op> create_arg_reduce(const OpDesc& desc);
std::unique_ptr<Op> create_top_k(const OpDesc& desc);
std::unique_ptr<Op> create_cum_sum(const OpDesc& desc);
std::unique_ptr<Op> create_layer_norm(const OpDesc& desc);
std::unique_ptr<Op> create_group_norm(const OpDesc& desc);
std::unique_ptr<Op> create_local_response(const OpDesc& desc);
std::unique_ptr<Op> create_reshape(const OpDesc& desc);
std::unique_ptr<Op> create_transpose(const OpDesc& desc);
std::unique_ptr<Op> create_slice(const OpDesc& desc);
std::unique_ptr<Op> create_concat(const OpDesc& desc);
std::unique_ptr<Op> create_split(const OpDesc& desc);
std::unique_ptr<Op> create_pad(const OpDesc& desc);
std::unique_ptr<Op> create_gather(const OpDesc& desc);
std::unique_ptr<Op> create_expand(const OpDesc& desc);
std::unique_ptr<Op> create_tile(const OpDesc& desc);
std::unique_ptr<Op> create_trilu(const OpDesc& desc);
std::unique_ptr<Op> create_one_hot(const OpDesc& desc);
std::unique_ptr<Op> create_space_to_depth(const OpDesc& desc);
std::unique_ptr<Op> create_depth_to_space(const OpDesc& desc);
std::unique_ptr<Op> create_resize(const OpDesc& desc);
std::unique_ptr<Op> create_matmul(const OpDesc& desc);

}  // namespace octavo

#endif
