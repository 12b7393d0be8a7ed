package io.octavo.graph;

import io.octavo.InvalidValueException;

/**
 * The sliding window of a convolution or pooling: size, step, padding and distance between taps, in elements. Height comes
 * before width.
 *
 * <p>Along an axis of {@code n} elements it gives {@code floor((n + padBefore + padAfter - dilation * (kernel - 1) - 1) / stride)
 * + 1} results.
 */
public record Window(
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padTop,
        int padLeft,
        int padBottom,
        int padRight,
        int dilationH,
        int dilationW) {

    /**
     * Checks the numbers.
     *
     * @throws InvalidValueException if a kernel, stride or dilation is below 1 or a padding below 0
     */
    public Window {
        if (kernelH < 1 || kernelW < 1) {
            throw new InvalidValueException("Kernel " + kernelH + "x" + kernelW + ": both sizes must be 1 or more");
        }
        if (strideH < 1 || strideW < 1) {
            throw new InvalidValueException("Stride " + strideH + "x" + strideW + ": both must be 1 or more");
        }
        if (padTop < 0 || padLeft < 0 || padBottom < 0 || padRight < 0) {
            throw new InvalidValueException("Padding top " + padTop + ", left " + padLeft + ", bottom " + padBottom
                    + ", right " + padRight + ": each must be 0 or more");
        }
        if (dilationH < 1 || dilationW < 1) {
            throw new InvalidValueException(
                    "Dilation " + dilationH + "x" + dilationW + ": both must be 1 or more (1 is dense)");
        }
    }

    /** A dense square window of step 1 without padding. */
    public static Window of(int kernel) {
        return of(kernel, kernel);
    }

    /** A dense window of step 1 without padding. */
    public static Window of(int kernelH, int kernelW) {
        return new Window(kernelH, kernelW, 1, 1, 0, 0, 0, 0, 1, 1);
    }

    /** This window with the given step in both directions. */
    public Window stride(int stride) {
        return stride(stride, stride);
    }

    /** This window with the given steps. */
    public Window stride(int h, int w) {
        return new Window(kernelH, kernelW, h, w, padTop, padLeft, padBottom, padRight, dilationH, dilationW);
    }

    /** This window with the same padding on all four sides. */
    public Window padding(int padding) {
        return padding(padding, padding, padding, padding);
    }

    /** This window with {@code h} rows of padding above and below and {@code w} columns left and right. */
    public Window padding(int h, int w) {
        return padding(h, w, h, w);
    }

    /** This window with the given padding. */
    public Window padding(int top, int left, int bottom, int right) {
        return new Window(kernelH, kernelW, strideH, strideW, top, left, bottom, right, dilationH, dilationW);
    }

    /** This window with the given distance between taps in both directions; 1 is dense. */
    public Window dilation(int dilation) {
        return dilation(dilation, dilation);
    }

    /** This window with the given distances between taps; 1 is dense. */
    public Window dilation(int h, int w) {
        return new Window(kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight, h, w);
    }

    /** {@code 5x5, stride 1x1, padding 2 2 2 2, dilation 1x1}. */
    @Override
    public String toString() {
        return kernelH + "x" + kernelW + ", stride " + strideH + "x" + strideW + ", padding " + padTop + " " + padLeft
                + " " + padBottom + " " + padRight + ", dilation " + dilationH + "x" + dilationW;
    }
}
