package io.octavo.graph;

import io.octavo.InvalidValueException;

/**
 * The operators of a graph: what they are and their attributes. Inputs in brackets may be absent. Images are {@code [N, C, H,
 * W]}; "q" is a quantized value of type U8 or S8 with affine parameters for the whole tensor. Sizes follow PyTorch's rules, which
 * {@link Window} states for convolutions.
 */
public sealed interface Op
        permits Op.Conv2d,
                Op.Linear,
                Op.BatchNorm,
                Op.Clamp,
                Op.MaxPool2d,
                Op.AvgPool2d,
                Op.AdaptiveAvgPool2d,
                Op.Flatten,
                Op.Dropout,
                Op.Add,
                Op.Softmax,
                Op.Quantize,
                Op.Dequantize,
                Op.Requantize,
                Op.ConvTranspose,
                Op.MatMul,
                Pointwise,
                Reduction,
                Normalization,
                Movement,
                Shapes,
                Training {

    /** The operator's name, such as {@code Conv2d}. */
    default String type() {
        return getClass().getSimpleName();
    }

    /**
     * Cross-correlation: {@code x [N, C, H, W], w [O, C/groups, kh, kw], [bias [O]], [residual like the output] -> [N, O, oh,
     * ow]}. The residual is added before the activation. All float, or x and residual q, w quantized (per tensor, or per index or
     * group of axis 0), the output q and the bias F32 (added after conversion to real numbers) or quantized S32 (added to the sums of
     * products where its scales are the products {@code s_x·s_w}, otherwise as the real numbers that it stands for). Or x integers of
     * type U8 or S8, w quantized, bias integers S32, neither residual nor activation: the sums of products {@code x·(w - z_w)}, S32,
     * whatever the scales of w.
     */
    record Conv2d(Window window, int groups, Activation activation) implements Op {
        /** Checks that there is at least one group. */
        public Conv2d {
            if (groups < 1) {
                throw new InvalidValueException("Conv2d with " + groups + " groups: must be 1 or more");
            }
        }

        /** One group, no activation. */
        public Conv2d(Window window) {
            this(window, 1, Activation.NONE);
        }

        /** This operator with another activation. */
        public Conv2d withActivation(Activation changed) {
            return new Conv2d(window, groups, changed);
        }
    }

    /**
     * {@code x [.., K], w [O, K], [bias [O]] -> x·w^T + bias [.., O]}. Types as for {@link Conv2d}; with quantized x and w the
     * output may also be F32. With float x and quantized w (weight-only) bias and output are F32: {@code Σ_g s_g·Σ_k x_k·(w_k -
     * z_g)} over the groups g of a row of w, in float.
     */
    record Linear(Activation activation) implements Op {
        /** No activation. */
        public Linear() {
            this(Activation.NONE);
        }

        /** This operator with another activation. */
        public Linear withActivation(Activation changed) {
            return new Linear(changed);
        }
    }

    /**
     * {@code x [N, C, ..], gamma [C], beta [C], mean [C], variance [C] -> (x - mean) / sqrt(variance + epsilon) * gamma + beta},
     * float. In training the statistics of the batch take the place of mean and variance, which move towards them by {@code
     * momentum}: {@code new = old + momentum * (batch - old)}.
     */
    record BatchNorm(float epsilon, float momentum) implements Op {
        /** Checks the ranges. */
        public BatchNorm {
            if (!(epsilon > 0) || Float.isInfinite(epsilon)) {
                throw new InvalidValueException("BatchNorm epsilon " + epsilon + ": must be finite and greater than 0");
            }
            if (!(momentum >= 0 && momentum <= 1)) {
                throw new InvalidValueException("BatchNorm momentum " + momentum + ": must be in 0..1");
            }
        }

        /** PyTorch's defaults, 1e-5 and 0.1. */
        public BatchNorm() {
            this(1e-5f, 0.1f);
        }
    }

    /** The activation alone: ReLU, ReLU6 or a clamp. Float or q; a q output keeps the parameters of its input. */
    record Clamp(Activation activation) implements Op {
        /** Refuses {@link Activation#NONE}. */
        public Clamp {
            if (activation.isNone()) {
                throw new InvalidValueException("Clamp without an activation does nothing: leave it out");
            }
        }
    }

    /** {@code [N, C, H, W] -> [N, C, oh, ow]}, the largest of each window; padding never wins. Parameters are kept. */
    record MaxPool2d(Window window, boolean ceilMode) implements Op {}

    /**
     * {@code [N, C, H, W] -> [N, C, oh, ow]}, the mean of each window. Parameters are kept, or others of the same type of
     * codes.
     *
     * @param countIncludePad whether padding counts as elements of value 0
     */
    record AvgPool2d(Window window, boolean ceilMode, boolean countIncludePad) implements Op {
        /** Refuses dilation, which average pooling does not have. */
        public AvgPool2d {
            if (window.dilationH() != 1 || window.dilationW() != 1) {
                throw new InvalidValueException("AvgPool2d has no dilation, given: " + window);
            }
        }
    }

    /** {@code [N, C, H, W] -> [N, C, h, w]}, the mean of windows {@code floor(i·H/h) .. ceil((i+1)·H/h)}. Parameters as of {@link AvgPool2d}. */
    record AdaptiveAvgPool2d(int h, int w) implements Op {
        /** Checks the size. */
        public AdaptiveAvgPool2d {
            if (h < 1 || w < 1) {
                throw new InvalidValueException(
                        "AdaptiveAvgPool2d to " + h + "x" + w + ": both sizes must be 1 or more");
            }
        }
    }

    /** {@code [N, C, H, W] -> [N, C·H·W]}, features in the order C, H, W. Parameters are kept. */
    record Flatten() implements Op {}

    /**
     * The identity in inference; in training zeroes each element with probability {@code p} and scales the others by {@code 1 / (1
     * - p)}.
     */
    record Dropout(float p) implements Op {
        /** Checks the probability. */
        public Dropout {
            if (!(p >= 0 && p < 1)) {
                throw new InvalidValueException("Dropout probability " + p + ": must be in 0..1, 1 excluded");
            }
        }
    }

    /** {@code a + b}, of equal shapes, both float or both q; then ReLU or nothing. */
    record Add(Activation activation) implements Op {
        /** Refuses other activations than ReLU. */
        public Add {
            if (activation.kind() == Activation.Kind.CLAMP) {
                throw new InvalidValueException(
                        "Add takes ReLU or no activation, given: " + activation + "; clamp after it");
            }
        }

        /** No activation. */
        public Add() {
            this(Activation.NONE);
        }

        /** This operator with another activation. */
        public Add withActivation(Activation changed) {
            return new Add(changed);
        }
    }

    /** {@code exp(x) / sum(exp(x))} over the last dimension, float. */
    record Softmax() implements Op {}

    /**
     * Transposed cross-correlation, the gradient of a convolution by its input: {@code x [N, C, H, W], w [C, O/groups, kh, kw], [bias
     * [O]] -> [N, O, oh, ow]}, {@code oh = (H - 1)·stride + dilation·(kh - 1) + 1 - pads + extraH}; float.
     */
    record ConvTranspose(Window window, int groups, int extraH, int extraW) implements Op {
        /** Checks the numbers. */
        public ConvTranspose {
            if (groups < 1 || extraH < 0 || extraW < 0) {
                throw new InvalidValueException("ConvTranspose with " + groups + " groups and " + extraH + "x" + extraW
                        + " more results: at least 1 group and no less than 0 results");
            }
        }
    }

    /** {@code a [.., M, K], b [.., K, N] -> a·b [.., M, N]}, the dimensions before the last two broadcast; float, or S32, which wraps. */
    record MatMul() implements Op {}

    /** Float to q, what lies beyond its codes to the nearest of them. */
    record Quantize(Rounding rounding) implements Op {
        /** What is rounded, halves to even. */
        public enum Rounding {
            /** {@code rint(x·(1 / scale) + zero point)}, product and sum rounded to float at once: PyTorch's. */
            SUM,
            /** {@code rint(x / scale) + zero point}, the quotient rounded to float: ONNX's. */
            QUOTIENT
        }

        /** As PyTorch rounds. */
        public Quantize() {
            this(Rounding.SUM);
        }
    }

    /** q to float; also a constant of any codes, which is gone before lowering. */
    record Dequantize() implements Op {}

    /** q to q of other parameters or type. */
    record Requantize() implements Op {}
}
