package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;

/** Kinds of native operators; the C header says what each reads, writes and computes. */
public enum OpKind {
    CONV2D(octavo.OCTAVO_OP_CONV2D),
    LINEAR(octavo.OCTAVO_OP_LINEAR),
    LINEAR_DYNAMIC(octavo.OCTAVO_OP_LINEAR_DYNAMIC),
    MAX_POOL2D(octavo.OCTAVO_OP_MAX_POOL2D),
    AVG_POOL2D(octavo.OCTAVO_OP_AVG_POOL2D),
    ADAPTIVE_AVG_POOL2D(octavo.OCTAVO_OP_ADAPTIVE_AVG_POOL2D),
    ADD(octavo.OCTAVO_OP_ADD),
    CLAMP(octavo.OCTAVO_OP_CLAMP),
    SOFTMAX(octavo.OCTAVO_OP_SOFTMAX),
    QUANTIZE(octavo.OCTAVO_OP_QUANTIZE),
    DEQUANTIZE(octavo.OCTAVO_OP_DEQUANTIZE),
    REQUANTIZE(octavo.OCTAVO_OP_REQUANTIZE),
    REORDER(octavo.OCTAVO_OP_REORDER),
    FLATTEN(octavo.OCTAVO_OP_FLATTEN),
    BATCH_NORM(octavo.OCTAVO_OP_BATCH_NORM),
    UNARY(octavo.OCTAVO_OP_UNARY),
    BINARY(octavo.OCTAVO_OP_BINARY),
    COMPARE(octavo.OCTAVO_OP_COMPARE),
    WHERE(octavo.OCTAVO_OP_WHERE),
    CAST(octavo.OCTAVO_OP_CAST),
    REDUCE(octavo.OCTAVO_OP_REDUCE),
    ARG_REDUCE(octavo.OCTAVO_OP_ARG_REDUCE),
    TOP_K(octavo.OCTAVO_OP_TOP_K),
    CUM_SUM(octavo.OCTAVO_OP_CUM_SUM),
    LAYER_NORM(octavo.OCTAVO_OP_LAYER_NORM),
    GROUP_NORM(octavo.OCTAVO_OP_GROUP_NORM),
    LOCAL_RESPONSE(octavo.OCTAVO_OP_LOCAL_RESPONSE),
    CONV2D_GRAD_INPUT(octavo.OCTAVO_OP_CONV2D_GRAD_INPUT),
    CONV2D_GRAD_WEIGHT(octavo.OCTAVO_OP_CONV2D_GRAD_WEIGHT),
    LINEAR_GRAD_INPUT(octavo.OCTAVO_OP_LINEAR_GRAD_INPUT),
    LINEAR_GRAD_WEIGHT(octavo.OCTAVO_OP_LINEAR_GRAD_WEIGHT),
    BATCH_NORM_TRAIN(octavo.OCTAVO_OP_BATCH_NORM_TRAIN),
    BATCH_NORM_GRAD(octavo.OCTAVO_OP_BATCH_NORM_GRAD),
    CLAMP_GRAD(octavo.OCTAVO_OP_CLAMP_GRAD),
    MAX_POOL2D_TRAIN(octavo.OCTAVO_OP_MAX_POOL2D_TRAIN),
    MAX_POOL2D_GRAD(octavo.OCTAVO_OP_MAX_POOL2D_GRAD),
    AVG_POOL2D_GRAD(octavo.OCTAVO_OP_AVG_POOL2D_GRAD),
    ADAPTIVE_AVG_POOL2D_GRAD(octavo.OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD),
    FLATTEN_GRAD(octavo.OCTAVO_OP_FLATTEN_GRAD),
    DROPOUT_TRAIN(octavo.OCTAVO_OP_DROPOUT_TRAIN),
    DROPOUT_GRAD(octavo.OCTAVO_OP_DROPOUT_GRAD),
    SOFTMAX_GRAD(octavo.OCTAVO_OP_SOFTMAX_GRAD),
    CROSS_ENTROPY(octavo.OCTAVO_OP_CROSS_ENTROPY),
    SGD_STEP(octavo.OCTAVO_OP_SGD_STEP),
    ADAM_STEP(octavo.OCTAVO_OP_ADAM_STEP);

    final int code;

    OpKind(int code) {
        this.code = code;
    }

    /** Whether this kind exists in training plans only, and so needs the oneDNN library. */
    public boolean isTraining() {
        return code >= CONV2D_GRAD_INPUT.code && code <= ADAM_STEP.code;
    }
}
