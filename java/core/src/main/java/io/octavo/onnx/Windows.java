package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import java.util.Arrays;

/**
 * The window of a convolution or pooling over one or two dimensions, from a node's attributes. One dimension is taken for a
 * picture of height 1.
 */
final class Windows {
    private final ImportNode node;
    private final Shape x; // [N, C, H, W]
    private final boolean line;
    private final int[] kernel;
    private final int[] stride;
    private final int[] dilation;
    private final String autoPad;

    /**
     * @param x of the input as a picture
     * @param w of the weight as one; null: the attribute has the kernel
     */
    Windows(ImportNode node, Shape x, Shape w) {
        this.node = node;
        this.x = x;
        long[] given = node.def().getInts("kernel_shape");
        int rank = node.rank(0) - 2;
        line = rank == 1;
        if (given == null && w == null) {
            throw new InvalidValueException("attribute \"kernel_shape\" is missing");
        }
        kernel = given != null
                ? ints("kernel_shape", 1)
                : new int[] {Math.toIntExact(w.dim(2)), Math.toIntExact(w.dim(3))};
        stride = ints("strides", 1);
        dilation = ints("dilations", 1);
        autoPad = node.def().getString("auto_pad", "NOTSET");
    }

    /** Two numbers of an attribute. */
    int[] ints(String attribute, int otherwise) {
        long[] given = node.def().getInts(attribute);
        if (given == null) {
            return new int[] {otherwise, otherwise};
        }
        if (given.length != (line ? 1 : 2)) {
            throw new InvalidValueException("attribute \"" + attribute + "\" is " + Arrays.toString(given)
                    + ", expected " + (line ? "one number" : "two numbers"));
        }
        int neutral = attribute.equals("output_padding") ? 0 : 1;
        return line
                ? new int[] {neutral, Math.toIntExact(given[0])}
                : new int[] {Math.toIntExact(given[0]), Math.toIntExact(given[1])};
    }

    /** Of a convolution or pooling. */
    Window window() {
        int[] pads = {0, 0, 0, 0};
        switch (autoPad) {
            case "NOTSET" -> pads = pads();
            case "VALID" -> {}
            case "SAME_UPPER", "SAME_LOWER" -> {
                for (int i = 0; i < 2; i++) {
                    int all = same(i);
                    int less = all / 2;
                    pads[i] = autoPad.equals("SAME_UPPER") ? less : all - less;
                    pads[i + 2] = all - pads[i];
                }
            }
            default -> throw new InvalidValueException("attribute \"auto_pad\" is \"" + autoPad + "\"");
        }
        return window(pads);
    }

    private Window window(int[] pads) {
        return new Window(
                kernel[0],
                kernel[1],
                stride[0],
                stride[1],
                pads[0],
                pads[1],
                pads[2],
                pads[3],
                dilation[0],
                dilation[1]);
    }

    /** Top, left, bottom, right. */
    private int[] pads() {
        long[] given = node.def().getInts("pads");
        if (given == null) {
            return new int[] {0, 0, 0, 0};
        }
        if (given.length != (line ? 2 : 4)) {
            throw new InvalidValueException(
                    "attribute \"pads\" is " + Arrays.toString(given) + ", expected two numbers a dimension");
        }
        int[] pads = Arrays.stream(given).mapToInt(Math::toIntExact).toArray();
        return line ? new int[] {0, pads[0], 0, pads[1]} : pads;
    }

    /** Padding in all for ceil(size / stride) results. */
    private int same(int axis) {
        int reach = dilation[axis] * (kernel[axis] - 1) + 1;
        long size = x.dim(axis + 2);
        if (size == Shape.N) {
            if (stride[axis] != 1) {
                throw node.unsupported("auto_pad " + autoPad + " with stride " + stride[axis]
                        + " on a dimension that is not known, \"" + x.dimension(axis + 2) + "\"");
            }
            return reach - 1;
        }
        long results = (size + stride[axis] - 1) / stride[axis];
        return Math.toIntExact(Math.max(0, (results - 1) * stride[axis] + reach - size));
    }

    /** Of a transposed convolution, whose padding may follow from a wanted size; {@code extra} grows where it must. */
    Window transposed(int[] extra) {
        long[] wanted = node.def().getInts("output_shape");
        boolean same = autoPad.startsWith("SAME");
        if (wanted == null && !same) {
            return autoPad.equals("VALID") ? window(new int[4]) : window(pads());
        }
        if (wanted != null && wanted.length > (line ? 1 : 2)) {
            wanted = Arrays.copyOfRange(wanted, wanted.length - (line ? 1 : 2), wanted.length);
        }
        int[] pads = new int[4];
        for (int i = line ? 1 : 0; i < 2; i++) {
            long size = x.dim(i + 2);
            if (size == Shape.N) {
                throw node.unsupported("a size of the result on a dimension that is not known");
            }
            long result = wanted != null ? wanted[line ? 0 : i] : size * stride[i];
            long all = stride[i] * (size - 1) + extra[i] + dilation[i] * (kernel[i] - 1L) + 1 - result;
            if (all < 0) {
                extra[i] += Math.toIntExact(-all);
                all = 0;
            }
            int less = Math.toIntExact(all / 2);
            int more = Math.toIntExact(all - less);
            pads[i] = autoPad.equals("SAME_UPPER") ? less : more;
            pads[i + 2] = autoPad.equals("SAME_UPPER") ? more : less;
        }
        return window(pads);
    }
}
