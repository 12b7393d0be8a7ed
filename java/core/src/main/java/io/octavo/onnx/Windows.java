package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Shapes;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The window of a convolution or pooling over one to three dimensions, from a node's attributes. One dimension is taken for a
 * picture of height 1; the last two are a {@link Window}, and a third one before them is asked for by itself.
 */
final class Windows {
    private final ImportNode node;
    private final Shape x; // [N, C, H, W] or [N, C, D, H, W]
    private final int given; // dimensions that the attributes name
    private final int count; // of x, beside N and C
    private final int[] kernel;
    private final int[] stride;
    private final int[] dilation;
    private final String autoPad;

    /**
     * @param x of the input, as a picture where it has one dimension only
     * @param w of the weight likewise; null: the attribute has the kernel
     */
    Windows(ImportNode node, Shape x, Shape w) {
        this.node = node;
        this.x = x;
        given = node.rank(0) - 2;
        count = x.rank() - 2;
        if (node.def().getInts("kernel_shape") == null && w == null) {
            throw new InvalidValueException("attribute \"kernel_shape\" is missing");
        }
        int[] size = new int[count];
        for (int i = 0; w != null && i < count; i++) {
            size[i] = Math.toIntExact(w.dim(i + 2));
        }
        kernel = node.def().getInts("kernel_shape") == null ? size : ints("kernel_shape", 1);
        stride = ints("strides", 1);
        dilation = ints("dilations", 1);
        autoPad = node.def().getString("auto_pad", "NOTSET");
    }

    /** Numbers of an attribute, one a dimension. */
    int[] ints(String attribute, int otherwise) {
        long[] numbers = node.def().getInts(attribute);
        int[] all = new int[count];
        Arrays.fill(all, attribute.equals("output_padding") ? 0 : 1);
        if (numbers == null) {
            Arrays.fill(all, otherwise);
            return all;
        }
        if (numbers.length != given) {
            throw new InvalidValueException(
                    "attribute \"" + attribute + "\" is " + Arrays.toString(numbers) + ", expected " + words(given));
        }
        for (int i = 0; i < given; i++) {
            all[count - given + i] = Math.toIntExact(numbers[i]);
        }
        return all;
    }

    private static String words(int number) {
        return number == 1 ? "one number" : number == 2 ? "two numbers" : number + " numbers";
    }

    /** Of the last two dimensions of a convolution or pooling. */
    Window window() {
        return window(pads());
    }

    private Window window(int[] pads) {
        int h = count - 2;
        int w = count - 1;
        return new Window(
                kernel[h],
                kernel[w],
                stride[h],
                stride[w],
                pads[h],
                pads[w],
                pads[h + count],
                pads[w + count],
                dilation[h],
                dilation[w]);
    }

    /** Of the first of three dimensions, as of the height of pictures of width 1. */
    Window depth() {
        return depth(pads());
    }

    private Window depth(int[] pads) {
        return new Window(kernel[0], 1, stride[0], 1, pads[0], 0, pads[count], 0, dilation[0], 1);
    }

    /** Elements before each dimension, then behind each. */
    private int[] pads() {
        return switch (autoPad) {
            case "NOTSET" -> givenPads();
            case "VALID" -> new int[2 * count];
            case "SAME_UPPER", "SAME_LOWER" -> {
                int[] pads = new int[2 * count];
                for (int i = count - given; i < count; i++) {
                    int all = isOpen(i) ? 0 : same(i);
                    int less = all / 2;
                    pads[i] = autoPad.equals("SAME_UPPER") ? less : all - less;
                    pads[i + count] = all - pads[i];
                }
                yield pads;
            }
            default -> throw new InvalidValueException("attribute \"auto_pad\" is \"" + autoPad + "\"");
        };
    }

    private int[] givenPads() {
        int[] pads = new int[2 * count];
        long[] numbers = node.def().getInts("pads");
        if (numbers == null) {
            return pads;
        }
        if (numbers.length != 2 * given) {
            throw new InvalidValueException(
                    "attribute \"pads\" is " + Arrays.toString(numbers) + ", expected two numbers a dimension");
        }
        for (int i = 0; i < given; i++) {
            pads[count - given + i] = Math.toIntExact(numbers[i]);
            pads[2 * count - given + i] = Math.toIntExact(numbers[given + i]);
        }
        return pads;
    }

    /** Whether padding depends on a size that only a run knows. */
    private boolean isOpen(int axis) {
        return autoPad.startsWith("SAME") && stride[axis] != 1 && x.dim(axis + 2) == Shape.N;
    }

    /** Whether the window is right only for what {@link #padded} gives. */
    boolean isOpen() {
        return IntStream.range(0, count).anyMatch(this::isOpen);
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
        String[] parts = new String[2 * count + 2];
        parts[0] = node.longs("pad.outer", 0, 0);
        parts[count + 1] = parts[0];
        for (int i = 0; i < count; i++) {
            String before = none;
            String after = none;
            if (isOpen(i)) {
                String all = open(image, i);
                String less = node.add(new Pointwise.Binary(Pointwise.Binary.Function.DIV), all, number("half", 2));
                String more = node.add(new Pointwise.Binary(Pointwise.Binary.Function.SUB), all, less);
                before = autoPad.equals("SAME_UPPER") ? less : more;
                after = autoPad.equals("SAME_UPPER") ? more : less;
            }
            parts[i + 1] = before;
            parts[count + 2 + i] = after;
        }
        return node.add(new Movement.Pad(mode), image, node.add(new Movement.Concat(0), parts));
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

    /** The windows of a transposed convolution: of the last two dimensions, and of the first of three. */
    record Transposed(Window window, Window depth, int[] extra) {}

    /** Of a transposed convolution, whose padding may follow from a wanted size. */
    Transposed transposed() {
        int[] extra = ints("output_padding", 0);
        int[] pads = transposedPads(extra);
        for (int i = 0; i < count; i++) {
            // Results that the padding behind takes away again.
            int both = Math.min(extra[i], pads[i + count]);
            extra[i] -= both;
            pads[i + count] -= both;
        }
        return new Transposed(window(pads), count == 3 ? depth(pads) : null, extra);
    }

    /** {@code extra} grows where it must. */
    private int[] transposedPads(int[] extra) {
        long[] wanted = node.def().getInts("output_shape");
        if (wanted == null && !autoPad.startsWith("SAME")) {
            return autoPad.equals("VALID") ? new int[2 * count] : givenPads();
        }
        int[] pads = new int[2 * count];
        for (int i = count - given; i < count; i++) {
            long size = x.dim(i + 2);
            if (size == Shape.N && wanted != null) {
                throw node.unsupported("a size of the result on a dimension that is not known");
            }
            // What all of the kernel adds to a result of size * stride does not depend on the size.
            long all = extra[i] + dilation[i] * (kernel[i] - 1L) + 1 - stride[i];
            if (wanted != null) {
                // The last numbers of a wanted size, which may name N and C as well.
                all += stride[i] * size - wanted[wanted.length - count + i];
            }
            if (all < 0) {
                extra[i] += Math.toIntExact(-all);
                all = 0;
            }
            int less = Math.toIntExact(all / 2);
            int more = Math.toIntExact(all - less);
            pads[i] = autoPad.equals("SAME_UPPER") ? less : more;
            pads[i + count] = autoPad.equals("SAME_UPPER") ? more : less;
        }
        return pads;
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
