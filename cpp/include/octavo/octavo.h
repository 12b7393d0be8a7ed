/* Octavo: int8 inference for x86. The C interface of liboctavo.
 *
 * A network is described once, with a builder: values (tensors) and operators between them. `octavo_builder_build` checks
 * everything, packs the weights for this machine's instruction set and returns a plan. `octavo_plan_run` then executes the
 * plan; it allocates nothing in the steady state and, for plans without state, may be called from many threads at once.
 *
 * Every function returns a status; `octavo_last_error` gives the sentence that goes with the calling thread's last failure.
 * Nothing here prints, aborts or throws. Handles are opaque, created and destroyed by the functions of their name; a builder is
 * for one thread at a time, a plan for many. A required pointer that is null is OCTAVO_INVALID_ARGUMENT; a failed call leaves its
 * outputs as they were, unless its comment says otherwise.
 *
 * Structs begin with their size: who owns one writes sizeof of it, as the octavo.h that was compiled in has it, into `size`, so that
 * programs and libraries of different versions understand each other. A library that knows more members takes those that are
 * missing at the end as 0, which stands for what was so before there were such members. One that knows fewer refuses a member at the
 * end that is not 0 with OCTAVO_UNSUPPORTED; in a struct that the library fills it writes 0 there. A size below that of the members
 * without which the struct says nothing, that is no multiple of 8, or above 4096 is OCTAVO_INVALID_ARGUMENT. All elements of an
 * array of structs have the same size. Counts are of type int64_t, at least 0; an array of count 0 may be null.
 *
 * Notation: shapes are written [N, C, H, W] in logical order whatever the layout in memory; u8, s8, s32, f32 are types;
 * a quantized value q stands for the real number (q - zero_point) * scale.
 */
#ifndef OCTAVO_OCTAVO_H
#define OCTAVO_OCTAVO_H

#include <stddef.h>
#include <stdint.h>

#if defined(OCTAVO_BUILDING)
#define OCTAVO_API __attribute__((visibility("default")))
#else
#define OCTAVO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ---------------------------------------------------------------------------------------------------------- */

typedef int32_t octavo_status;
enum {
    OCTAVO_OK = 0,
    OCTAVO_INVALID_ARGUMENT = 1, /* a null pointer, an unknown enum value, a number out of its range */
    OCTAVO_SHAPE_MISMATCH = 2,   /* shapes or buffer sizes that do not fit together */
    OCTAVO_UNSUPPORTED = 3,      /* well-formed, but no implementation takes it; the message says why */
    OCTAVO_NOT_FINITE = 4,       /* NaN or infinity where a number is needed */
    OCTAVO_OUT_OF_MEMORY = 5,    /* an allocation failed, or a size does not fit the address space */
    OCTAVO_UNKNOWN_ISA = 6,      /* an instruction set name that is unknown, or not available on this CPU */
    OCTAVO_NO_BACKEND = 7,       /* the operator needs a back end that is not registered (liboctavo_onednn for float) */
    OCTAVO_BUSY = 8,             /* the object is in use by another thread and the call cannot wait */
    OCTAVO_INTERNAL = 9          /* a defect of the library; the message says where */
};

/* The message of the calling thread's last failed call, UTF-8, cut to 4 KiB; "" if none failed. Valid until that thread's next
 * call. */
OCTAVO_API const char* octavo_last_error(void);
/* One line of meaning for a status; "unknown status" for a number that is none. */
OCTAVO_API const char* octavo_status_text(octavo_status status);
/* Version of the library, "major.minor.patch". */
OCTAVO_API const char* octavo_version(void);

/* ---- CPU, instruction sets, threads ----------------------------------------------------------------------------------- */

/* Instruction sets, each a set of CPU features, in the order of preference: "scalar", "avx2" (AVX2 and FMA), "avx512" (the former
 * and F, BW, VL, DQ), "vnni" (the former and AVX512-VNNI), "vbmi" (the former and AVX512-VBMI). Without a cap the last one that
 * the CPU supports is in use. The environment variable OCTAVO_ISA, read once, caps the choice: no kernel of this library runs
 * that needs a feature beyond those of the set it names. An unknown or unavailable name there makes every call that needs an
 * instruction set fail with OCTAVO_UNKNOWN_ISA and a message that lists what is available. */
OCTAVO_API int32_t octavo_isa_count(void);
/* Of index 0 to octavo_isa_count() - 1, OCTAVO_INVALID_ARGUMENT beyond: name, one-line description, whether this CPU and
 * operating system support it, whether it is the one in use (0 or 1). Any output pointer may be null. Strings live as long as the
 * library. */
OCTAVO_API octavo_status octavo_isa_info(int32_t index, const char** name, const char** description, int32_t* supported,
                                         int32_t* active);
/* The instruction set in use under the cap. */
OCTAVO_API octavo_status octavo_isa_active(const char** name);
/* The CPU's brand string, such as "AMD EPYC 9R14"; lives as long as the library. */
OCTAVO_API const char* octavo_cpu_name(void);

/* Threads that a plan may use when its options say 0. Default: the CPU limit of the process (affinity mask and cgroup).
 * The caller's thread is one of them; 1 means that no other thread is ever woken. Range 1 to 1024, beyond it
 * OCTAVO_INVALID_ARGUMENT. */
OCTAVO_API int32_t octavo_threads(void);
OCTAVO_API octavo_status octavo_set_threads(int32_t threads);

/* ---- Values ------------------------------------------------------------------------------------------------------------ */

#define OCTAVO_MAX_RANK 8

typedef int32_t octavo_dtype;
enum {
    OCTAVO_F32 = 0,
    OCTAVO_U8 = 1,
    OCTAVO_S8 = 2,
    OCTAVO_S32 = 3,
    OCTAVO_CODE4 = 4, /* weights only: table codes 0..15, given one code a byte; packed two a byte inside */
    OCTAVO_CODE8 = 5, /* weights only: table codes 0..255, one a byte */
    OCTAVO_S64 = 6,   /* indices and shapes, 8 bytes each; never quantized */
    OCTAVO_BOOL = 7   /* 0 or 1, one a byte; never quantized */
};

typedef int32_t octavo_layout;
enum {
    OCTAVO_PLAIN = 0, /* row-major in logical order: NCHW, OIHW, [M, K] */
    OCTAVO_NHWC = 1   /* channels last: logical [N, C, H, W] stored as N, H, W, C without padding; rank 4 only */
};

typedef int32_t octavo_role;
enum {
    OCTAVO_INPUT = 0,    /* the caller's buffer, read */
    OCTAVO_OUTPUT = 1,   /* the caller's buffer, written; may also be read by later operators */
    OCTAVO_TEMP = 2,     /* lives in the plan's arena during a run */
    OCTAVO_CONSTANT = 3, /* data given here, copied or packed when the plan is built */
    OCTAVO_STATE = 4     /* data given here, kept by the plan and changed by its runs (training) */
};

typedef struct octavo_value_desc {
    size_t size;      /* required: up to and with data */
    const char* name; /* for messages and explain; copied; may be null */
    octavo_dtype dtype;
    octavo_role role;
    octavo_layout layout;
    int32_t batched;     /* 1: dims[0] is the batch, given at run time, and dims[0] here is ignored; 0: fixed shape */
    int64_t rank;        /* 0 (a scalar) to OCTAVO_MAX_RANK */
    const int64_t* dims; /* [rank], logical order; each at least 1 */
    const void* data;    /* CONSTANT, STATE: elements in `layout` order; others: null */

    /* Quantization (dtype U8, S8, S32 bias, CODE4, CODE8). param_count 1 with axis -1: per tensor. Otherwise parameters per
     * index of `axis` (weights: 0, the output channel), param_count = dims[axis], or, with group_size > 0, per group of
     * group_size consecutive weights of a channel: param_count = dims[0] * ceil(K / group_size), channel-major. Groups, of a
     * multiple of 32, are for linear weights; with integer activations neither bias nor result is s32 then, and zero points of
     * weights of more than 16 levels are 0 (U8: 128). */
    int32_t axis;
    int32_t group_size;
    int64_t param_count;        /* 0: not quantized */
    const float* scales;        /* [param_count], each finite and at least 2^-126. Of products of q x, sx*sw is too, and with an
                                   f32 bias sx*sw/sy and bias/(sx*sw) (OCTAVO_INVALID_ARGUMENT names the operator) */
    const int32_t* zero_points; /* [param_count], each in the range of the dtype, 0 for S32 and codes; or null: all 0 */
    int32_t code_min, code_max; /* activations: smallest and largest code that can occur (0, 127 for a reduced range; 0, 255 for
                                   u8; -128, 127 for s8), code_min < code_max. Results are clamped to it, except those of
                                   REORDER and FLATTEN, which must have room for all codes of x. Both 0: the full range of the
                                   dtype. What a caller's buffer holds beyond it gives undefined numbers. */
    /* Table codes: real weight = scale * table[code]. One table of table_size entries a parameter set, param_count of them. */
    int64_t table_size;  /* 1 to 16 for CODE4, 1 to 256 for CODE8; else 0 */
    const int8_t* table; /* [param_count, table_size]; where all are the same, 4-bit codes run faster */

    int64_t lent; /* CONSTANT, 1: data is not copied, but stays where it is, and as it is, until the builder is destroyed; 0: it is */
    const uint64_t* identity; /* null, but to a back end, [4], of constants of a plan that shares its weights: in one process equal
                                 only where the bytes at data are */
} octavo_value_desc;

/* ---- Operators --------------------------------------------------------------------------------------------------------- */

typedef int32_t octavo_op_kind;
enum {
    /* Inference. Inputs in brackets may be absent (-1). Types: "q" is u8 or s8 activations. */
    OCTAVO_OP_CONV2D = 0,      /* x [N, I, H, W], w [O, I/groups, kh, kw], [bias [O]], [residual like y] -> y.
                                  f32, or q x (s8 | u8 | codes) -> q.
                                  Also s32, the sums, with neither f32 bias, residual nor activation; x may then be u8 or s8 without
                                  scales, whose zero point is 0.
                                  Bias of q x: s32, added to the sum, with scales sx*sw (as float32 multiplies them; others are
                                  OCTAVO_INVALID_ARGUMENT) or none; or f32, added after conversion.
                                  q values and residual are NHWC; of q operators w and bias are constants, x and residual none.
                                  kernel is kh, kw; y has floor((H + pads - dilation*(kh-1) - 1) / stride) + 1 lines, columns alike */
    OCTAVO_OP_LINEAR = 1,      /* x [.., K], w [N, K], [bias [N]] -> y [.., N]. Types as CONV2D; of q x weights y may
                                  also be f32, or s32: the sums, as of CONV2D. Also
                                  f32 x (s8 | u8 | codes) -> f32 (weight-only): weights are made floats as they are read, NaN
                                  and infinities in x take part as IEEE 754 says */
    OCTAVO_OP_LINEAR_DYNAMIC = 2, /* x f32 [.., K], w (s8 | u8 | codes) [N, K], [bias f32 [N]] -> y f32 [.., N]; x is quantized to
                                  u8 by the range of the whole tensor's finite numbers */
    OCTAVO_OP_MAX_POOL2D = 3,  /* x -> y; f32 or q, same scale and zero point */
    OCTAVO_OP_AVG_POOL2D = 4,  /* x -> y; f32 or q of one type; of another scale or zero point: rint(S * ((sx/sy) / divisor) + zy), S the
                                  sum of (q - zx); in whole groups of 8 channels of NHWC values the sum by fma */
    OCTAVO_OP_ADAPTIVE_AVG_POOL2D = 5, /* x -> y [N, C, oh, ow], output size from y; codes as AVG_POOL2D's */
    OCTAVO_OP_ADD = 6,         /* a, b (same shape) -> y; f32 or q; activation NONE or RELU */
    OCTAVO_OP_CLAMP = 7,       /* x -> y: the activation alone (ReLU, ReLU6, clamp); f32 or q, same scale and zero point */
    OCTAVO_OP_SOFTMAX = 8,     /* x -> y (same shape and layout) over one axis, f32; with "log" its logarithm */
    OCTAVO_OP_QUANTIZE = 9,    /* x f32 -> y q; layouts may differ (PLAIN -> NHWC is fused) */
    OCTAVO_OP_DEQUANTIZE = 10, /* x q -> y f32; layouts may differ */
    OCTAVO_OP_REQUANTIZE = 11, /* x q -> y q of other scale, zero point or type */
    OCTAVO_OP_REORDER = 12,    /* x -> y: same elements, other layout; any type of activations, S64 and BOOL */
    OCTAVO_OP_FLATTEN = 13,    /* x [N, C, H, W] -> y [N, C*H*W], features in C, H, W order; same type and parameters, any type of
                                  activations, S64 and BOOL */
    OCTAVO_OP_BATCH_NORM = 14, /* x, gamma [C], beta [C], mean [C], var [C] -> y; f32 */

    /* Element by element, in any layouts. Shapes of operands are broadcast as in NumPy: aligned at their last dimension, and a dimension
     * of 1, or one that is missing in front, is repeated; the batch is the first dimension of a batched operand and of y, of the same
     * rank. "Integers" are u8, s8, s32 and s64 without scales; they wrap. */
    OCTAVO_OP_UNARY = 64,      /* x -> y (same shape), the "function" of octavo_unary. f32; or q x -> q y, each of its own type and
                                  parameters: of the real number in double, divided by y's scale, rounded half to even, plus the zero
                                  point; or what the function says */
    OCTAVO_OP_BINARY = 65,     /* a, b -> y, the "function" of octavo_binary. All f32, integers of one type, bool, or q. q of one type:
                                  ADD as OCTAVO_OP_ADD, SUB likewise, MUL rint(float((qa-za)*(qb-zb)) * (sa*sb*(1/sy))) + zy; other
                                  functions, and q of different types: dequantized, computed in f32, quantized as QUANTIZE does */
    OCTAVO_OP_COMPARE = 66,    /* a, b (f32, integers of one type, or, EQUAL, bool) -> y bool, the "function" of octavo_relation; what
                                  compares with NaN is false */
    OCTAVO_OP_WHERE = 67,      /* condition bool, a, b -> y: a where the condition holds, otherwise b; any type of activations, S64 and
                                  BOOL, of the same parameters */
    OCTAVO_OP_CAST = 68,       /* x -> y (same shape): f32, integers and bool to any of them. To integers towards 0 as of 64 bits, then
                                  wrapped; f32 beyond 64 bits and NaN are their least number. To bool: whether it is not 0 */

    /* Along axes, counted from 0 in logical order, none of them the batch; any layouts, results of the same layout unless said. */
    OCTAVO_OP_REDUCE = 69,     /* x -> y, the "function" of octavo_reduction over all elements that differ in the "axes" alone: y has 1
                                  in their place, or is without them. f32, in double; SUM, MEAN (towards 0), MAX, MIN, PROD of
                                  integers, in 64 bits that wrap; MEAN (rounded half to even), MAX, MIN of q, which keeps scale and
                                  zero point; MEAN of q also to others, of one type: rint(sum of (q - zx) * sx / (count * sy)) + zy in
                                  double. y in any layout */
    OCTAVO_OP_ARG_REDUCE = 70, /* x (any type) -> y s64, like x with 1 in place of the axis or without it: where the greatest or least
                                  element is, NaN being above all others; the first of equal ones, or the last */
    OCTAVO_OP_TOP_K = 71,      /* x (any type) -> [values], [indices s64], both with k in place of the axis, k from their shape: the k
                                  greatest or least, in order; of equal ones those that come first */
    OCTAVO_OP_CUM_SUM = 72,    /* x -> y (same shape), f32 or integers: the sum of the elements up to each, f32 in double */
    OCTAVO_OP_LAYER_NORM = 73, /* x, [scale], [bias] -> y, [mean], [1 / deviation]; f32. (x - mean) / sqrt(variance + epsilon) * scale
                                  + bias over all dimensions from the axis on, plain layout unless the axis is 1; with "rms" the mean
                                  is taken for 0. scale and bias: constants that broadcast to these dimensions, or all of them. The
                                  statistics: x's shape with 1 from the axis on */
    OCTAVO_OP_GROUP_NORM = 74, /* x [N, C, ..], scale [C], bias [C] -> y; f32. The same over each sample's groups of channels */
    OCTAVO_OP_LOCAL_RESPONSE = 75, /* x [N, C, ..] -> y; f32. x / (bias + alpha/size * sum of squares)^beta, the sum over the channels
                                  from (size-1)/2 before to size/2 behind each */

    /* Movement of elements, of f32, q of one scale, s32, s64 and bool: y has the type and parameters of x and room for its codes.
       A dimension that is a run's batch is not moved, cut or joined: OCTAVO_UNSUPPORTED. Layouts may differ unless said. */
    OCTAVO_OP_RESHAPE = 88,    /* x -> y: the same elements in the same (row-major) order under another shape; a view where memory
                                  allows. At most one of x and y is NHWC with several channels and pixels */
    OCTAVO_OP_TRANSPOSE = 89,  /* x -> y, whose dimension i is dimension axes[i] of x */
    OCTAVO_OP_SLICE = 90,      /* x -> y: element j of dimension i is element starts[i] + j * steps[i] of x */
    OCTAVO_OP_CONCAT = 91,     /* x, [x ..] -> y: one behind the other along axis; at most 4096. Codes of other scale,
                                  zero point or type than y's are requantized on the way, as PyTorch's cat does: dequantized, then
                                  quantized as octavo_quantize does; along the channels of NHWC values in whole groups of 8
                                  rint(fma(s, q, -s*z) / s_y) + z_y, the rest with the formula per channel */
    OCTAVO_OP_SPLIT = 92,      /* x -> y, [y ..]: parts along axis as large as each y, which together are x; at most 4096, none of
                                  them absent */
    OCTAVO_OP_PAD = 93,        /* x, [value: one constant of the type of x] -> y: before[i] elements in front of those of x in
                                  dimension i, and behind them as many as y has room for; negative numbers take away. Without
                                  value 0, of codes the zero point */
    OCTAVO_OP_GATHER = 94,     /* x, indices (s32 or s64) -> y: elements of x by gather_mode. Negative indices count from the end. One
                                  outside is OCTAVO_INVALID_ARGUMENT where slices are picked by a constant; others are known in a
                                  run only, which cannot fail: the nearest element is taken. Row-major, but for constant
                                  indices of slices. Not both x and indices of slices have a batch */
    OCTAVO_OP_EXPAND = 95,     /* x -> y: broadcast to the shape of y, dimensions counted from the last; x may have no batch */
    OCTAVO_OP_TILE = 96,       /* x -> y: x again and again, along each dimension as often as it goes into y's */
    OCTAVO_OP_TRILU = 97,      /* x [.., H, W] -> y: with 0, of codes the zero point, above the diagonal that is `diagonal` right of the
                                  main one, or below it if `upper`; row-major */
    OCTAVO_OP_ONE_HOT = 98,    /* indices (s32, s64 or f32), values [2] constant -> y with one more dimension, at axis, of any type: values[1]
                                  where the place along it is the index, else values[0]; a negative index counts from the end,
                                  one outside or that is no whole number is nowhere; row-major */
    OCTAVO_OP_SPACE_TO_DEPTH = 99, /* x [N, C, H*b, W*b] -> y [N, b*b*C, H, W], b = block: channels count rows, then columns of a block,
                                  then C */
    OCTAVO_OP_DEPTH_TO_SPACE = 100, /* x [N, b*b*C, H, W] -> y [N, C, H*b, W*b]: the inverse, or with column_row_depth of channels that
                                  count C, then rows, then columns (pixel shuffle) */
    OCTAVO_OP_RESIZE = 101,    /* x -> y: sampled at other places, as ONNX's Resize says. Nearest of any type; linear and cubic of f32, u8
                                  and s8 in one layout: of codes in float, rounded half to even, parameters kept */

    /* Products of values that are both given in a run. */
    OCTAVO_OP_MATMUL = 112,    /* a [.., M, K], b [.., K, N] -> y [.., M, N], row-major: dimensions before the last two are broadcast as
                                  those of elementwise operators, the batch being none of b's rows. f32, in the order of k, each product
                                  and sum rounded once; or s32 without scales, which wraps */
    OCTAVO_OP_CONV_TRANSPOSE2D = 113, /* x [N, C, H, W], w [C, O/groups, kh, kw], [bias [O]] -> y; f32. What CONV2D_GRAD_INPUT computes of
                                  x and w, plus the bias: y has stride * (H - 1) + dilation * (kh - 1) + 1 - pads lines, or up to stride
                                  - 1 more, columns alike */

    /* Training, all f32 unless said. Operators that carry a batch statistic see the whole batch of a run. */
    OCTAVO_OP_CONV2D_GRAD_INPUT = 32,  /* dy, w -> dx */
    OCTAVO_OP_CONV2D_GRAD_WEIGHT = 33, /* x, dy -> dw, [dbias] */
    OCTAVO_OP_LINEAR_GRAD_INPUT = 34,  /* dy, w -> dx */
    OCTAVO_OP_LINEAR_GRAD_WEIGHT = 35, /* x, dy -> dw, [dbias] */
    OCTAVO_OP_BATCH_NORM_TRAIN = 36,   /* x, gamma, beta, running_mean (state), running_var (state) -> y, save_mean [C], save_inv_std [C];
                                          running statistics move by momentum (PyTorch's: new = old + momentum*(batch - old),
                                          unbiased variance) */
    OCTAVO_OP_BATCH_NORM_GRAD = 37,    /* x, dy, gamma, save_mean, save_inv_std -> dx, dgamma, dbeta */
    OCTAVO_OP_CLAMP_GRAD = 38,         /* y or x, dy -> dx: 0 at a bound and beyond, else dy; where y is NaN too */
    OCTAVO_OP_MAX_POOL2D_TRAIN = 39,   /* x -> y, index (u8 [N, C, oh, ow], tap number in the window) */
    OCTAVO_OP_MAX_POOL2D_GRAD = 40,    /* dy, index -> dx */
    OCTAVO_OP_AVG_POOL2D_GRAD = 41,    /* dy -> dx */
    OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD = 42, /* dy -> dx */
    OCTAVO_OP_FLATTEN_GRAD = 43,       /* dy -> dx */
    OCTAVO_OP_DROPOUT_TRAIN = 44,      /* x, counter (s32 [2], unbatched: step number, seed) -> y, mask u8 */
    OCTAVO_OP_DROPOUT_GRAD = 45,       /* dy, mask -> dx */
    OCTAVO_OP_SOFTMAX_GRAD = 46,       /* y, dy -> dx */
    OCTAVO_OP_CROSS_ENTROPY = 47,      /* logits [N, C], labels s32 [N] -> loss f32 [1] unbatched (mean), dlogits [N, C] (of the mean),
                                          correct s32 [1] unbatched (rows whose largest logit is the label's) */
    OCTAVO_OP_SGD_STEP = 48,           /* param (state), grad, velocity (state), hyper f32 [5] = lr, momentum, dampening, weight_decay,
                                          nesterov (0/1); PyTorch's torch.optim.SGD; no output */
    OCTAVO_OP_ADAM_STEP = 49           /* param (state), grad, m (state), v (state), hyper f32 [6] = lr, beta1, beta2, epsilon,
                                          weight_decay, step (1, 2, ..); PyTorch's torch.optim.Adam; no output */
};

typedef int32_t octavo_pad_mode;
enum {
    OCTAVO_PAD_CONSTANT = 0, /* the value */
    OCTAVO_PAD_REFLECT = 1,  /* what lies as far on the other side of the first or last element; beyond that reflected again */
    OCTAVO_PAD_EDGE = 2,     /* the first or last element */
    OCTAVO_PAD_WRAP = 3      /* the elements again from the other end */
};

/* Functions of one number, alpha and beta being the attributes of those names, 0 if absent. Errors are a few units in the last place;
 * every instruction set gives the same bits, but for those of NaN. */
typedef int32_t octavo_unary;
enum {
    OCTAVO_UNARY_ABS = 0, /* |x|; also of integers */
    OCTAVO_UNARY_NEG = 1, /* -x; also of integers */
    OCTAVO_UNARY_SIGN = 2, /* 1, 0 or -1; also of integers; NaN stays */
    OCTAVO_UNARY_FLOOR = 3,
    OCTAVO_UNARY_CEIL = 4,
    OCTAVO_UNARY_ROUND = 5, /* to the nearest, of two the even one */
    OCTAVO_UNARY_RECIPROCAL = 6, /* 1 / x */
    OCTAVO_UNARY_SQRT = 7,
    OCTAVO_UNARY_EXP = 8,
    OCTAVO_UNARY_LOG = 9, /* natural */
    OCTAVO_UNARY_ERF = 10,
    OCTAVO_UNARY_SIN = 11, /* these to ATANH, but for TANH, by the C library */
    OCTAVO_UNARY_COS = 12,
    OCTAVO_UNARY_TAN = 13,
    OCTAVO_UNARY_ASIN = 14,
    OCTAVO_UNARY_ACOS = 15,
    OCTAVO_UNARY_ATAN = 16,
    OCTAVO_UNARY_SINH = 17,
    OCTAVO_UNARY_COSH = 18,
    OCTAVO_UNARY_TANH = 19,
    OCTAVO_UNARY_ASINH = 20,
    OCTAVO_UNARY_ACOSH = 21,
    OCTAVO_UNARY_ATANH = 22,
    OCTAVO_UNARY_SIGMOID = 23, /* 1 / (1 + e^-x) */
    OCTAVO_UNARY_HARD_SIGMOID = 24, /* max(0, min(1, alpha*x + beta)) */
    OCTAVO_UNARY_HARD_SWISH = 25, /* x * max(0, min(1, x/6 + 1/2)) */
    OCTAVO_UNARY_SWISH = 26, /* x * sigmoid(alpha*x) */
    OCTAVO_UNARY_MISH = 27, /* x * tanh(ln(1 + e^x)) */
    OCTAVO_UNARY_GELU = 28, /* x/2 * (1 + erf(x/sqrt 2)) */
    OCTAVO_UNARY_GELU_TANH = 29, /* x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) */
    OCTAVO_UNARY_LEAKY_RELU = 30, /* x, or alpha*x where x < 0 */
    OCTAVO_UNARY_THRESHOLDED_RELU = 31, /* x where x > alpha, otherwise 0 */
    OCTAVO_UNARY_ELU = 32, /* x, or alpha*(e^x - 1) where x < 0 */
    OCTAVO_UNARY_SELU = 33, /* beta*x where x > 0, otherwise beta*alpha*(e^x - 1) */
    OCTAVO_UNARY_CELU = 34, /* max(0, x) + min(0, alpha*(e^(x/alpha) - 1)) */
    OCTAVO_UNARY_SOFTPLUS = 35, /* ln(1 + e^x) */
    OCTAVO_UNARY_SOFTSIGN = 36, /* x / (1 + |x|) */
    OCTAVO_UNARY_SHRINK = 37, /* x + beta where x < -alpha, x - beta where x > alpha, otherwise 0 */
    OCTAVO_UNARY_NOT = 38, /* of bool */
    OCTAVO_UNARY_IS_NAN = 39, /* f32 -> bool */
    OCTAVO_UNARY_IS_INF = 40 /* f32 -> bool: with alpha not 0 below 0, with beta not 0 above */
};

/* Functions of two numbers. */
typedef int32_t octavo_binary;
enum {
    OCTAVO_BINARY_ADD = 0,
    OCTAVO_BINARY_SUB = 1,
    OCTAVO_BINARY_MUL = 2,
    OCTAVO_BINARY_DIV = 3, /* of integers towards 0, and 0 where b is 0 */
    OCTAVO_BINARY_POW = 4, /* of integers with b < 0: what is left towards 0, and 0 where a is 0 */
    OCTAVO_BINARY_MIN = 5, /* NaN where one of them is */
    OCTAVO_BINARY_MAX = 6, /* NaN where one of them is */
    OCTAVO_BINARY_MOD = 7, /* the rest of the sign of b; of integers 0 where b is 0 */
    OCTAVO_BINARY_FMOD = 8, /* the rest of the sign of a; of integers 0 where b is 0 */
    OCTAVO_BINARY_PRELU = 9, /* a, or a*b where a < 0 */
    OCTAVO_BINARY_AND = 10, /* these of bool */
    OCTAVO_BINARY_OR = 11,
    OCTAVO_BINARY_XOR = 12
};

typedef int32_t octavo_relation;
enum {
    OCTAVO_RELATION_EQUAL = 0,
    OCTAVO_RELATION_LESS = 1,
    OCTAVO_RELATION_LESS_OR_EQUAL = 2,
    OCTAVO_RELATION_GREATER = 3,
    OCTAVO_RELATION_GREATER_OR_EQUAL = 4
};

/* Sums are of all elements; L1: of their magnitudes; L2: the root of SUM_SQUARE; LOG_SUM_EXP: without overflow. */
typedef int32_t octavo_reduction;
enum {
    OCTAVO_REDUCE_SUM = 0,
    OCTAVO_REDUCE_MEAN = 1,
    OCTAVO_REDUCE_MAX = 2, /* NaN where one of them is, as MIN */
    OCTAVO_REDUCE_MIN = 3,
    OCTAVO_REDUCE_PROD = 4,
    OCTAVO_REDUCE_L1 = 5,
    OCTAVO_REDUCE_L2 = 6,
    OCTAVO_REDUCE_SUM_SQUARE = 7,
    OCTAVO_REDUCE_LOG_SUM = 8,
    OCTAVO_REDUCE_LOG_SUM_EXP = 9
};

typedef int32_t octavo_gather_mode;
enum {
    OCTAVO_GATHER_SLICES = 0,   /* y[.., i.., ..] = x[.., indices[i..], ..] at axis */
    OCTAVO_GATHER_ELEMENTS = 1, /* y[i..] = x[i.. with indices[i..] at axis]; indices have the rank of x */
    OCTAVO_GATHER_TUPLES = 2    /* the last dimension of indices is a position in the dimensions of x behind the first batch_dims ones,
                                   which both have in common */
};

typedef int32_t octavo_interpolation;
enum { OCTAVO_NEAREST = 0, OCTAVO_LINEAR = 1, OCTAVO_CUBIC = 2 };

/* Where in x the center of element i of the result lies: s: scale, n: size of x, m: size of y. */
typedef int32_t octavo_coordinates;
enum {
    OCTAVO_HALF_PIXEL = 0,           /* (i + 1/2) / s - 1/2 */
    OCTAVO_HALF_PIXEL_SYMMETRIC = 1, /* the same about the center of x, where n*s was rounded to m */
    OCTAVO_PYTORCH_HALF_PIXEL = 2,   /* the same as HALF_PIXEL, 0 where m is 1 */
    OCTAVO_ALIGN_CORNERS = 3,        /* i * (n - 1) / (n*s - 1) */
    OCTAVO_ASYMMETRIC = 4,           /* i / s */
    OCTAVO_TF_HALF_PIXEL_FOR_NN = 5, /* (i + 1/2) / s */
    OCTAVO_TF_CROP_AND_RESIZE = 6    /* from start to end of roi, parts of n - 1; what is outside of x is `extrapolation` */
};

/* Which element is nearest to a place half way between two: the one before, behind; or always that. */
typedef int32_t octavo_nearest;
enum { OCTAVO_ROUND_PREFER_FLOOR = 0, OCTAVO_ROUND_PREFER_CEIL = 1, OCTAVO_FLOOR = 2, OCTAVO_CEIL = 3 };

typedef int32_t octavo_activation;
enum {
    OCTAVO_NO_ACTIVATION = 0,
    OCTAVO_RELU = 1,
    OCTAVO_CLAMP = 2 /* to [clamp_min, clamp_max], real numbers; ReLU6 is 0, 6 */
};

typedef int32_t octavo_backend_id;
enum {
    OCTAVO_BACKEND_AUTO = 0,   /* integer operators: Octavo's kernels; float: whoever registered for it */
    OCTAVO_BACKEND_OCTAVO = 1, /* Octavo's own kernels or refuse */
    OCTAVO_BACKEND_ONEDNN = 2  /* the registered back end or refuse */
};

/* One named property of an operator: `count` numbers of the key's type, whose pointer is set and the other's null. */
typedef struct octavo_attribute {
    size_t size;     /* required: up to and with reals */
    const char* key; /* one of the table below */
    int64_t count;
    const int64_t* integers; /* [count] */
    const float* reals;      /* [count] */
} octavo_attribute;

/* Keys. What an operator does not take, an unknown or a repeated key, another type or count is OCTAVO_INVALID_ARGUMENT, NaN and,
 * where it does not say so, infinity OCTAVO_NOT_FINITE, each with the key in the message.
 *
 *   key                 numbers     range                   if absent   taken by
 *   "kernel"            integer 2   each at least 1         an error    CONV2D, MAX_POOL2D, AVG_POOL2D and their gradients and
 *                                                                       training forms: height, width of the window
 *   "stride"            integer 2   each at least 1         1, 1        the same: lines, columns from one window to the next
 *   "pad"               integer 4   each at least 0         0, 0, 0, 0  the same: top, left, bottom, right
 *   "dilation"          integer 2   each at least 1         1, 1        the same but AVG_POOL2D and its gradient: lines, columns from
 *                                                                       one tap to the next
 *   "groups"            integer 1   at least 1              1           CONV2D and its gradients: divides I and O; GROUP_NORM: divides C
 *   "ceil_mode"         integer 1   0 or 1                  0           MAX_POOL2D, AVG_POOL2D and theirs: as in PyTorch
 *   "count_include_pad" integer 1   0 or 1                  0           AVG_POOL2D and its gradient: as in PyTorch
 *   "function"          integer 1   of its enumeration      an error    UNARY, BINARY, COMPARE, REDUCE
 *   "alpha", "beta"     real 1      a number or infinite    0           UNARY: what its function's line says; LOCAL_RESPONSE
 *   "bias"              real 1      a number or infinite    1           LOCAL_RESPONSE
 *   "size"              integer 1   at least 1              an error    LOCAL_RESPONSE: channels of a sum
 *   "log"               integer 1   0 or 1                  0           SOFTMAX
 *   "greatest"          integer 1   0 or 1                  1           ARG_REDUCE, TOP_K: 0: the least
 *   "last"              integer 1   0 or 1                  0           ARG_REDUCE: of equal elements
 *   "exclusive"         integer 1   0 or 1                  0           CUM_SUM: 1 leaves out the element itself
 *   "reverse"           integer 1   0 or 1                  0           CUM_SUM: 1 begins at the other end
 *   "rms"               integer 1   0 or 1                  0           LAYER_NORM
 *   "activation"        integer 1   of octavo_activation    0           CONV2D, LINEAR, LINEAR_DYNAMIC, ADD (no CLAMP), CLAMP,
 *                                                                       BATCH_NORM, CLAMP_GRAD
 *   "clamp_min"         real 1      a number or infinite    an error    where activation is OCTAVO_CLAMP: clamp_min <= clamp_max;
 *   "clamp_max"                                                         without it they are checked and not used
 *   "epsilon"           real 1      at least 0              an error    BATCH_NORM, BATCH_NORM_TRAIN, LAYER_NORM, GROUP_NORM: added to the
 *                                                                       variance
 *   "momentum"          real 1      0 to 1                  an error    BATCH_NORM_TRAIN
 *   "probability"       real 1      at least 0, below 1     an error    DROPOUT_TRAIN, DROPOUT_GRAD: of a 0
 *   "reduce_range"      integer 1   0 or 1                  0           LINEAR_DYNAMIC: 1 quantizes x to 7 bits
 *   "pytorch_tail"      integer 1   0 or 1                  0           ADD of codes: 1 rounds the elements beyond the last whole 64 of a
 *                                                                       run's batch as PyTorch's x86 kernel does, in another order
 *                                                                       than all others, so that a sample's result depends on the
 *                                                                       batch; for comparisons with PyTorch
 *   "quotient"          integer 1   0 or 1                  0           QUANTIZE: 1 rounds x / scale, then adds the zero point, as ONNX
 *                                                                       says; 0 rounds fma(x, 1/scale, zero_point), as PyTorch does.
 *                                                                       LINEAR_DYNAMIC: the same, and scale and zero point by the
 *                                                                       formula of ONNX's DynamicQuantizeLinear, without reduce_range
 *   "axis"              integer 1   -1 to 7                 -1          CONCAT, SPLIT, GATHER, ONE_HOT, SOFTMAX, ARG_REDUCE, TOP_K,
 *                                                                       CUM_SUM, LAYER_NORM (the first of its dimensions): a
 *                                                                       dimension; -1: the last
 *   "axes"              integers    0 to 7                  none        REDUCE: at least one, all different;
 *                                                                       TRANSPOSE: one for each dimension of y, all different;
 *                                                                       RESIZE: those that are resized, none: all
 *   "starts"            integers    at least 0              an error    SLICE: one for each dimension
 *   "steps"             integers    but 0                   1 each      SLICE: the same
 *   "before"            integers    any of 32 bits          an error    PAD: one for each dimension
 *   "pad_mode"          integer 1   of octavo_pad_mode      0           PAD
 *   "gather_mode"       integer 1   of octavo_gather_mode   0           GATHER
 *   "batch_dims"        integer 1   0 to 7                  0           GATHER of tuples
 *   "diagonal"          integer 1   any of 32 bits          0           TRILU
 *   "upper"             integer 1   0 or 1                  0           TRILU: 1 keeps what is above the diagonal
 *   "block"             integer 1   1 to 32768              an error    SPACE_TO_DEPTH, DEPTH_TO_SPACE
 *   "column_row_depth"  integer 1   0 or 1                  0           DEPTH_TO_SPACE
 *   "interpolation"     integer 1   of octavo_interpolation 0           RESIZE
 *   "coordinates"       integer 1   of octavo_coordinates   0           RESIZE
 *   "nearest"           integer 1   of octavo_nearest       0           RESIZE: of OCTAVO_NEAREST
 *   "scales"            reals       above 0                 none        RESIZE: size of y by that of x of each of the axes; none: as the
 *                                                                       shapes say
 *   "scale_axis"        integer 1   -1 to 7                 -1          RESIZE: the dimension whose sizes give the scale of all axes; -1:
 *                                                                       none, each has its own
 *   "roi"               reals       any                     none        RESIZE, TF_CROP_AND_RESIZE: starts of the axes, then ends
 *   "exclude_outside"   integer 1   0 or 1                  0           RESIZE: 1 gives what is outside of x no weight
 *   "antialias"         integer 1   0 or 1                  0           RESIZE: 1 widens the filter where it shrinks
 *   "cubic_a"           real 1      any                     -0.75       RESIZE, OCTAVO_CUBIC: the coefficient
 *   "extrapolation"     real 1      any                     0           RESIZE, TF_CROP_AND_RESIZE: what stands outside
 */

typedef struct octavo_op_desc {
    size_t size;      /* required: up to and with outputs */
    const char* name; /* for messages and explain; copied; may be null */
    octavo_op_kind kind;
    octavo_backend_id backend;
    int64_t input_count;
    const int32_t* inputs; /* [input_count], value numbers in the order of the kind; -1: absent, as are those beyond the count */
    int64_t output_count;
    const int32_t* outputs; /* [output_count], the same; -1: not wanted */
    int64_t attribute_count;
    const octavo_attribute* attributes; /* [attribute_count], in any order */
} octavo_op_desc;

/* ---- Weights that plans share ------------------------------------------------------------------------------------------ */

/* Plans of one network for several shapes hold its weights once: what is packed for a plan that is built with such an object is found
 * there by the next one, if its constants have the same bytes and its kernels take them in the same form. Whatever names values have,
 * and whichever builders they come from, other bytes or other parameters are other weights. Results are those of plans without.
 * Calls may come from many threads; plans that are built at the same time pack nothing twice. */
typedef struct octavo_weights octavo_weights;

OCTAVO_API octavo_status octavo_weights_create(octavo_weights** weights);
/* null is fine. Plans that were built with it keep what they use; what no plan uses any more is freed, now or with the last one. */
OCTAVO_API void octavo_weights_destroy(octavo_weights* weights);

/* Filled by the library; the caller sets size. */
typedef struct octavo_weights_memory {
    size_t size;     /* required: up to and with bytes */
    int64_t bytes;   /* packed weights, tables, scales and biases that plans use now, each once */
    int64_t objects; /* how many pieces they are */
    int64_t packed;  /* pieces made so far; a plan for which all was there adds none */
} octavo_weights_memory;
OCTAVO_API octavo_status octavo_weights_memory_info(const octavo_weights* weights, octavo_weights_memory* memory);

/* ---- Builder ----------------------------------------------------------------------------------------------------------- */

typedef struct octavo_builder octavo_builder;
typedef struct octavo_plan octavo_plan;

typedef struct octavo_plan_options {
    size_t size;       /* required: itself alone */
    int32_t threads;   /* most threads a run may use, 1 to 1024; 0: octavo_threads() at the time of the run */
    int32_t profile;   /* 1: time every step (octavo_step_info.nanoseconds); 0: do not */
    int64_t chunk;     /* samples of a batch that go through the plan together, at least 1; 0: chosen so that the arena fits the
                          L2 cache. Without effect where an operator sees the whole batch of a run */
    const char* isa;   /* cap for this plan, a name of octavo_isa_info, beside OCTAVO_ISA's: what both allow runs; null: the
                          latter alone */
    octavo_weights* weights; /* where packed weights are looked up, and kept for other plans; null: for this plan alone. It may be
                                destroyed before the plan */
} octavo_plan_options;

OCTAVO_API octavo_status octavo_builder_create(octavo_builder** builder);
OCTAVO_API void octavo_builder_destroy(octavo_builder* builder); /* null is fine */
/* Adds a value; *number counts from 0. Pointers in the description are read by this call and not kept, but for data that is lent.
 * Fails, adding nothing, with OCTAVO_INVALID_ARGUMENT, OCTAVO_SHAPE_MISMATCH (param_count), OCTAVO_NOT_FINITE (a scale),
 * OCTAVO_OUT_OF_MEMORY (also: a size beyond 63 bits), OCTAVO_UNSUPPORTED (a member of a later version). */
OCTAVO_API octavo_status octavo_builder_value(octavo_builder* builder, const octavo_value_desc* desc, int32_t* number);
/* Adds an operator; operators run in the order of their adding, each value written before it is read, and once. Fails, adding
 * nothing, with OCTAVO_INVALID_ARGUMENT (also: what an operator changes is no STATE, or is another input of it as well),
 * OCTAVO_NOT_FINITE or OCTAVO_UNSUPPORTED (a member of a later version). Types and shapes are looked at by octavo_builder_build. */
OCTAVO_API octavo_status octavo_builder_op(octavo_builder* builder, const octavo_op_desc* desc);
/* Checks, packs and plans. The builder stays usable, after a failure too, and must still be destroyed. options may be null: all
 * 0. Fails, with the operator's name and shapes, as: OCTAVO_INVALID_ARGUMENT, OCTAVO_SHAPE_MISMATCH, OCTAVO_UNSUPPORTED,
 * OCTAVO_NO_BACKEND, OCTAVO_UNKNOWN_ISA, OCTAVO_OUT_OF_MEMORY. */
OCTAVO_API octavo_status octavo_builder_build(octavo_builder* builder, const octavo_plan_options* options, octavo_plan** plan);

/* ---- Plan -------------------------------------------------------------------------------------------------------------- */

/* The caller's memory for one INPUT or OUTPUT value of a run, and the shape of what is in it or goes into it. */
typedef struct octavo_buffer {
    size_t size;         /* required: up to and with dims */
    void* data;          /* aligned to its element; inputs are only read */
    int64_t bytes;       /* size of the memory at data: at least that of the shape */
    int64_t rank;
    const int64_t* dims; /* [rank]: the value's shape, with the batch of this run, at least 1, in front of a batched one */
} octavo_buffer;

typedef struct octavo_run_args {
    size_t size; /* required: up to and with outputs */
    int64_t input_count;
    const octavo_buffer* inputs; /* [input_count], one for each INPUT value in the order of their adding */
    int64_t output_count;
    const octavo_buffer* outputs; /* [output_count], one for each OUTPUT value in the order of their adding */
} octavo_run_args;

/* Runs the plan on the batch that the shapes have in common. Allocates nothing once a run of the same batch was there. Thread-safe,
 * except that runs of a plan with STATE values wait for each other. Fails, with the value's name, as OCTAVO_INVALID_ARGUMENT (another
 * number of buffers, null, not aligned, or an output whose memory overlaps that of another buffer) or OCTAVO_SHAPE_MISMATCH (a
 * shape that is not the value's, batches that differ, too few bytes), before anything is written; or as OCTAVO_OUT_OF_MEMORY,
 * OCTAVO_UNSUPPORTED (a member of a later version) or what a back end says; outputs then hold anything. */
OCTAVO_API octavo_status octavo_plan_run(octavo_plan* plan, const octavo_run_args* args);
/* Waits for runs under way, then frees. null is fine. The handle must not be used again. */
OCTAVO_API void octavo_plan_destroy(octavo_plan* plan);
OCTAVO_API int32_t octavo_plan_input_count(const octavo_plan* plan);
OCTAVO_API int32_t octavo_plan_output_count(const octavo_plan* plan);

/* An INPUT or OUTPUT value of a plan. Filled by the library; the caller sets size. */
typedef struct octavo_value_info {
    size_t size;         /* required: up to and with dims */
    const char* name;    /* strings and dims live as long as the plan */
    octavo_dtype dtype;
    octavo_layout layout;
    int64_t batched;     /* 1: dims[0] is 1 and stands for the batch of a run */
    int64_t rank;
    const int64_t* dims; /* [rank], logical order */
} octavo_value_info;

/* Of index 0 to the count - 1, OCTAVO_INVALID_ARGUMENT beyond. */
OCTAVO_API octavo_status octavo_plan_input(const octavo_plan* plan, int32_t index, octavo_value_info* info);
OCTAVO_API octavo_status octavo_plan_output(const octavo_plan* plan, int32_t index, octavo_value_info* info);
/* Bytes of a buffer for `batch` samples; -1 for an index out of range, a batch below 1 or more bytes than 63 bits count. */
OCTAVO_API int64_t octavo_plan_input_bytes(const octavo_plan* plan, int32_t index, int64_t batch);
OCTAVO_API int64_t octavo_plan_output_bytes(const octavo_plan* plan, int32_t index, int64_t batch);
/* Copies a STATE value (number as given by octavo_builder_value, OCTAVO_INVALID_ARGUMENT for others) out of or into the plan, when
 * no run is under way; bytes must be its exact size (else OCTAVO_SHAPE_MISMATCH). */
OCTAVO_API octavo_status octavo_plan_read_state(octavo_plan* plan, int32_t value, void* data, int64_t bytes);
OCTAVO_API octavo_status octavo_plan_write_state(octavo_plan* plan, int32_t value, const void* data, int64_t bytes);

/* Filled by the library; the caller sets size. */
typedef struct octavo_step_info {
    size_t size;        /* required: up to and with kernel */
    const char* name;   /* the operator's name */
    const char* kernel; /* the kernel that runs it, such as "gemm_u8s8_8x48c4_vnni", or "view" (no work) */
    const char* reason; /* why this way and not another; "" if there was no choice */
    const char* fused;  /* names of the operators that this step also does; "" if none */
    int64_t weight_bytes;  /* packed weights, tables, scales and biases */
    int64_t macs;          /* multiply-adds a sample */
    int64_t nanoseconds;   /* median over the last 31 runs of what the step took in one, all chunks; -1 when not profiled */
} octavo_step_info;

/* The instruction set under which the plan's kernels were chosen, a name of octavo_isa_info; "" for null. */
OCTAVO_API const char* octavo_plan_isa(const octavo_plan* plan);
OCTAVO_API int32_t octavo_plan_step_count(const octavo_plan* plan);
/* Of index 0 to octavo_plan_step_count() - 1, OCTAVO_INVALID_ARGUMENT beyond. Strings live as long as the plan. */
OCTAVO_API octavo_status octavo_plan_step(const octavo_plan* plan, int32_t index, octavo_step_info* info);

/* Filled by the library; the caller sets size. */
typedef struct octavo_plan_memory {
    size_t size;             /* required: up to and with weight_bytes */
    int64_t weight_bytes;    /* all constants as packed */
    int64_t arena_bytes;     /* one workspace: a chunk's inner values and scratch */
    int64_t workspaces;      /* workspaces allocated so far: as many as runs or threads were at work at the same time */
    int64_t chunk;           /* samples that go through together; 0: the whole batch of a run */
} octavo_plan_memory;
OCTAVO_API octavo_status octavo_plan_memory_info(const octavo_plan* plan, octavo_plan_memory* memory);

/* ---- Whole-array functions (observers and schemes) ----------------------------------------------------------------------
 * Every instruction set gives the same bytes. Arrays must not overlap; one without elements may be null. A tensor per channel is
 * seen as [outer, channels, inner]; sizes are at least 0, channels at least 1 (OCTAVO_INVALID_ARGUMENT). Scales are finite and
 * above 0 (OCTAVO_NOT_FINITE, OCTAVO_INVALID_ARGUMENT). OCTAVO_UNKNOWN_ISA as for a plan. */

/* Least and greatest of each channel, min and max [channels], and how many elements of all channels are NaN, *nan_count, or
 * infinite, *inf_count (these take no part). A channel without a finite element gets min = +inf, max = -inf. */
OCTAVO_API octavo_status octavo_min_max(const float* x, int64_t outer, int64_t channels, int64_t inner, float* min, float* max,
                                        int64_t* nan_count, int64_t* inf_count);
/* Adds 1 to counts[i] of counts [bins], i = floor(x / 2^exponent) - first, for every finite x of x [n]; the caller makes the range
 * wide enough (OCTAVO_INVALID_ARGUMENT names the first x outside it, and counts are then unchanged). NaN and infinities are
 * skipped. exponent: -160 to 160; first: -2^53 to 2^53; bins: 1 to 2^53. */
OCTAVO_API octavo_status octavo_histogram(const float* x, int64_t n, int32_t exponent, int64_t first, int64_t bins, int64_t* counts);
/* q = clamp(rint(fma(x, 1/scale, zero_point)), q_min, q_max) per tensor (channels = 1); per channel
 * q = clamp(rint(x * (1/scale) + zero_point)): PyTorch's two formulas. dtype U8 or S8; zero points and q_min <= q_max are in
 * its range. scales, zero_points [channels]. NaN gives zero_point, clamped, infinities saturate. */
OCTAVO_API octavo_status octavo_quantize(const float* x, int64_t outer, int64_t channels, int64_t inner, const float* scales,
                                         const int32_t* zero_points, octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q);
/* x = float(q - zero_point) * scale, q of dtype U8, S8 or S32, whose difference wraps. scales, zero_points [channels]. */
OCTAVO_API octavo_status octavo_dequantize(const void* q, octavo_dtype dtype, int64_t outer, int64_t channels, int64_t inner,
                                           const float* scales, const int32_t* zero_points, float* x);
/* Index of the nearest of `count` ascending, finite levels (1 to 256), for x and codes [n]; a tie takes the lower index, and so do
 * equal levels. NaN is OCTAVO_NOT_FINITE; codes of other elements are then written all the same. */
OCTAVO_API octavo_status octavo_nearest_level(const float* x, int64_t n, const float* levels, int32_t count, uint8_t* codes);
/* Sum over x of (x - dequantize(quantize(x)))^2, per-tensor formula without storing, in double: element i goes to partial sum
 * i mod 16, partial sums are added pairwise (0+8, 1+9, .. then 0+4, ..), so that every instruction set gives the same bits.
 * zero_point and q_min <= q_max are within 2^22 of 0. An infinite x gives an infinite or NaN sum. */
OCTAVO_API octavo_status octavo_affine_error(const float* x, int64_t n, float scale, int32_t zero_point, int32_t q_min,
                                             int32_t q_max, double* sum);
/* Sum of (a - b)^2 and sum of a^2 in the same order. Either output may be null. */
OCTAVO_API octavo_status octavo_squared_error(const float* a, const float* b, int64_t n, double* error, double* power);

/* Parameters by groups, for which `octavo_group_...` see x as rows of `columns` elements: each `group` consecutive elements of a row
 * (at least 1) are a group, the last of a row may have fewer. Groups are numbered row by row, [groups] below. With group = columns
 * each row is one, with rows = 1 as well the whole array. Groups are worked on by the process's default threads; their number
 * changes no bit. */

/* As octavo_min_max, for each group. min, max [groups]. */
OCTAVO_API octavo_status octavo_group_min_max(const float* x, int64_t rows, int64_t columns, int64_t group, float* min, float* max,
                                              int64_t* nan_count, int64_t* inf_count);
/* As octavo_quantize per tensor, and its inverse, for each group. scales, zero_points [groups]; dtype U8 or S8. */
OCTAVO_API octavo_status octavo_group_quantize(const float* x, int64_t rows, int64_t columns, int64_t group, const float* scales,
                                               const int32_t* zero_points, octavo_dtype dtype, int32_t q_min, int32_t q_max,
                                               void* q);
OCTAVO_API octavo_status octavo_group_dequantize(const void* q, octavo_dtype dtype, int64_t rows, int64_t columns, int64_t group,
                                                 const float* scales, const int32_t* zero_points, float* x);
/* As octavo_nearest_level, for each group. levels [groups, count]. */
OCTAVO_API octavo_status octavo_group_nearest_level(const float* x, int64_t rows, int64_t columns, int64_t group,
                                                    const float* levels, int32_t count, uint8_t* codes);
/* How a range is chosen. */
typedef int32_t octavo_range;
enum {
    OCTAVO_RANGE_LEAST_ERROR = 0, /* that gives octavo_affine_error the least value of hundreds of scales and of finer ones around the
                                   * best few; the whole range is one of those tried */
    OCTAVO_RANGE_PERCENTILE = 1,  /* that holds `percent` of the values, 50 to 100: of their magnitudes for symmetric codes, otherwise
                                   * cutting as many at either end, or at the far end alone if all have one sign */
    OCTAVO_RANGE_ANALYTICAL = 2,  /* optimal for a Laplace or a normal distribution, whichever has the less error (Banner et al. 2019) */
    OCTAVO_RANGE_ENTROPY = 3      /* whose quantized histogram diverges least from the values' (Migacz 2017) */
};

/* A range lo .. hi [groups] for each group. q_min < q_max, within +-255, are the codes that it is laid over. symmetric = 0: as
 * octavo_min_max's observers have it, scale = (hi - lo) / (q_max - q_min) at least 2^-23, zero_point = q_min - rint(lo / scale), 0
 * being taken into the range. Otherwise lo = -hi, scale = hi / ((q_max - q_min) / 2), and codes are counted from the zero point. All
 * but the least error is that of a histogram: of 32 bins for each value, at least 2,048 and at most 16,384, less what rounding their
 * width up to a power of two takes. percent: 100 where it has no meaning. A NaN or infinity is OCTAVO_NOT_FINITE. */
OCTAVO_API octavo_status octavo_group_fit_range(const float* x, int64_t rows, int64_t columns, int64_t group, octavo_range method,
                                                double percent, int32_t q_min, int32_t q_max, int32_t symmetric, float* lo,
                                                float* hi);
/* The `count` levels (1 to 256) of each group that have the least sum of squared distances to its elements, exactly (k-means), as
 * levels [groups, count] ascending; and rounded to entries [groups, count] of -127 to 127 times scales [groups], at least 2^-64,
 * chosen for the least cost. Groups with fewer distinct values repeat their last level; *most: the greatest number of levels of a
 * group. More than 65,536 distinct values are first gathered into as many equal bins. counts, null or like x: how often each
 * element occurs, at least one of a group. A NaN or infinity is OCTAVO_NOT_FINITE. */
OCTAVO_API octavo_status octavo_group_fit_levels(const float* x, const int64_t* counts, int64_t rows, int64_t columns, int64_t group,
                                                 int32_t count, float* levels, int8_t* entries, float* scales, int32_t* most);
/* The scale of each group, scales [groups], at least 2^-64, with which the levels 0 and +-scale * entries[i] have the least sum of
 * squared distances to its elements, exactly. entries: 1 to 127 of them, ascending, above 0. counts and the rest as above. */
OCTAVO_API octavo_status octavo_group_fit_scale(const float* x, const int64_t* counts, int64_t rows, int64_t columns, int64_t group,
                                                const int8_t* entries, int32_t count, float* scales);
/* octavo_affine_error and octavo_group_fit_range for what octavo_histogram counted, min and max being the least and greatest value:
 * values are spread evenly over their bin, or over the part of it within min .. max. counts [bins], at least one above 0. */
OCTAVO_API octavo_status octavo_histogram_error(const int64_t* counts, int32_t exponent, int64_t first, int64_t bins, float min,
                                                float max, float scale, int32_t zero_point, int32_t q_min, int32_t q_max,
                                                double* sum);
OCTAVO_API octavo_status octavo_histogram_fit_range(const int64_t* counts, int32_t exponent, int64_t first, int64_t bins, float min,
                                                    float max, octavo_range method, double percent, int32_t q_min, int32_t q_max,
                                                    int32_t symmetric, float* lo, float* hi);

/* ---- Memory of tensors --------------------------------------------------------------------------------------------------
 * For bindings whose buffers must not crash the process when they are used after their owner has let go of them: memory is given
 * back to the system in two steps, its pages first and its addresses when nobody can know them any more. */

/* Zeroed memory of `bytes` bytes, at least 1, aligned to 64; null where it cannot be had, and octavo_last_error then says why. */
OCTAVO_API void* octavo_memory_allocate(int64_t bytes);
/* Gives the pages of memory from octavo_memory_allocate (with the same `bytes`) back to the system: what was in them is lost, reading
 * gives zeros, and writing is harmless. Returns how many bytes that freed: 0 for memory of less than OCTAVO_MEMORY_PAGED bytes, which
 * stays as it is. */
#define OCTAVO_MEMORY_PAGED 1024
OCTAVO_API int64_t octavo_memory_discard(void* memory, int64_t bytes);
/* Frees memory from octavo_memory_allocate (with the same `bytes`), discarded or not. null is fine. */
OCTAVO_API void octavo_memory_free(void* memory, int64_t bytes);

/* ---- Back ends ----------------------------------------------------------------------------------------------------------
 * A library that implements operators registers a table. The plan asks `create` for each operator that it would have this back
 * end run; a refusal (any status but OCTAVO_OK) carries a reason. */

typedef struct octavo_backend {
    size_t size;      /* required: up to and with weight_bytes */
    const char* name; /* "onednn" */
    /* desc: all attributes that the kind takes, absent ones with what stands for them; it has no value numbers (null). inputs, outputs:
     * [input_count], [output_count] of desc, the values' descriptions (null where absent), with `data` of constants. All are valid
     * during the call. *op is the back end's own; *kernel a static or op-owned string. reason, empty before: why it refuses or, with
     * OCTAVO_OK, why it goes this way and not another, if there was a choice. */
    octavo_status (*create)(const octavo_op_desc* desc, const octavo_value_desc* const* inputs,
                            const octavo_value_desc* const* outputs, void** op, const char** kernel, char* reason,
                            size_t reason_bytes);
    /* Scratch memory a run wants, in bytes, at least 0, for this batch and thread count; it comes 64-byte aligned. A failure, whose
     * sentence goes to message, is that of the run; the next run asks again. */
    octavo_status (*scratch_bytes)(void* op, int64_t batch, int32_t threads, int64_t* bytes, char* message,
                                   size_t message_bytes);
    /* inputs and outputs in the order of the description; absent ones and constants are null. Must be callable from several threads
     * at once for an operator without state. A failure's sentence goes to message. */
    octavo_status (*run)(void* op, int64_t batch, int32_t threads, const void* const* inputs, void* const* outputs, void* scratch,
                         char* message, size_t message_bytes);
    void (*destroy)(void* op);
    int64_t (*weight_bytes)(void* op); /* what octavo_step_info shows */
} octavo_backend;

/* For back ends: their operators work on the library's threads. Calls task(context, i, worker) for each i in [0, count), worker in
 * [0, threads), on at most `threads` threads, the caller's included; no two calls at the same time have the same worker number.
 * Returns when all are done. While the threads serve another call, and in a task, all runs on the caller alone. A task must not
 * throw. OCTAVO_INVALID_ARGUMENT: count < 0, threads < 1, or no task. */
typedef void (*octavo_task)(void* context, int64_t index, int32_t worker);
OCTAVO_API octavo_status octavo_parallel_for(int64_t count, int32_t threads, octavo_task task, void* context);

/* Registers the table (copied; its strings and functions must outlive all plans); a second registration replaces the first for
 * plans built later. OCTAVO_INVALID_ARGUMENT: a null among its members; OCTAVO_UNSUPPORTED: a member of a later version. */
OCTAVO_API octavo_status octavo_register_backend(const octavo_backend* backend);

#ifdef __cplusplus
}
#endif
#endif
