package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Shapes;
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
                    int all = isOpen(i) ? 0 : same(i);
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

    /** Whether padding depends on a size that only a run knows. */
    private boolean isOpen(int axis) {
        return autoPad.startsWith("SAME") && stride[axis] != 1 && x.dim(axis + 2) == Shape.N;
    }

    /** Whether the window is right only for what {@link #padded} gives. */
    boolean isOpen() {
        return isOpen(0) || isOpen(1);
    }

    /** Padding in all for ceil(size / stride) results. */
    private int same(int axis) {
        int reach = dilation[axis] * (kernel[axis] - 1) + 1;
        long size = x.dim(axis + 2);
        if (size == Shape.N) {
            return reach - 1; // of stride 1
        }
        long results = (size + stride[axis] - 1) / stride[axis];
        return Math.toIntExact(Math.max(0, (results - 1) * stride[axis] + reach - size));
    }

    /** The input with the padding around it that depends on sizes which only a run knows. */
    String padded(String image, Movement.Pad.Mode mode) {
        String none = node.longs("pad.none", 0);
        String both = node.longs("pad.outer", 0, 0);
        String[] before = new String[2];
        String[] after = new String[2];
        for (int i = 0; i < 2; i++) {
            if (!isOpen(i)) {
                before[i] = none;
                after[i] = none;
                continue;
            }
            String all = open(image, i);
            String less = node.add(new Pointwise.Binary(Pointwise.Binary.Function.DIV), all, number("half", 2));
            String more = node.add(new Pointwise.Binary(Pointwise.Binary.Function.SUB), all, less);
            before[i] = autoPad.equals("SAME_UPPER") ? less : more;
            after[i] = autoPad.equals("SAME_UPPER") ? more : less;
        }
        String pads = node.add(new Movement.Concat(0), both, before[0], before[1], both, after[0], after[1]);
        return node.add(new Movement.Pad(mode), image, pads);
    }

    /** {@link #same} as a node: max(0, (ceil(size / stride) - 1) * stride + reach - size). */
    private String open(String image, int axis) {
        int reach = dilation[axis] * (kernel[axis] - 1) + 1;
        Op plus = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        Op minus = new Pointwise.Binary(Pointwise.Binary.Function.SUB);
        String step = number("stride", stride[axis]);
        String size = node.add(new Shapes.ShapeOf(axis + 2, axis + 3), image);
        String last = node.add(
                new Pointwise.Binary(Pointwise.Binary.Function.DIV), node.add(minus, size, number("one", 1)), step);
        String covered = node.add(
                plus,
                node.add(new Pointwise.Binary(Pointwise.Binary.Function.MUL), last, step),
                number("reach", reach));
        return node.add(
                new Pointwise.Binary(Pointwise.Binary.Function.MAX), node.add(minus, covered, size), number("zero", 0));
    }

    private String number(String what, long number) {
        return node.longs("pad." + what, number);
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
            if (size == Shape.N && wanted != null) {
                throw node.unsupported("a size of the result on a dimension that is not known");
            }
            // What all of the kernel adds to a result of size * stride does not depend on the size.
            long all = extra[i] + dilation[i] * (kernel[i] - 1L) + 1 - stride[i];
            if (wanted != null) {
                all += stride[i] * size - wanted[line ? 0 : i];
            }
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

    // ---- Written

    /** A window as the attributes of a convolution or pooling. */
    static Attributes attributes(Window window) {
        return undilated(window).ints("dilations", window.dilationH(), window.dilationW());
    }

    /** A dense window. */
    static Attributes undilated(Window window) {
        return new Attributes()
                .ints("kernel_shape", window.kernelH(), window.kernelW())
                .ints("strides", window.strideH(), window.strideW())
                .ints("pads", window.padTop(), window.padLeft(), window.padBottom(), window.padRight());
    }
}
