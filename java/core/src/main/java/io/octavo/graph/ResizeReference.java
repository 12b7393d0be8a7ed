package io.octavo.graph;

import io.octavo.graph.Movement.Resize;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Movement.Resize}: along each axis a result is a weighted sum of elements around the place that its coordinate names, and
 * those of all axes multiply.
 */
final class ResizeReference {
    private final Reference node;
    private final Resize op;
    private final Shape shape;
    private final Tap[][][] taps; // by axis and place of the result
    private final Elements x;

    /** An element that a result takes part of. */
    private record Tap(int index, double weight) {}

    private ResizeReference(Reference node, Resize op) {
        this.node = node;
        this.op = op;
        this.shape = node.shape(0);
        this.x = node.codes(0);
        this.taps = new Tap[shape.rank()][][];
    }

    static Tensor output(Reference node, Resize op) {
        return new ResizeReference(node, op).run();
    }

    private Tensor run() {
        int[] axes = op.axes().stream().mapToInt(axis -> axis).toArray();
        for (int d = 0; d < shape.rank(); d++) {
            int at = axes.length == 0 ? d : Arrays.binarySearch(axes, d);
            taps[d] = at < 0
                    ? unchanged((int) shape.dim(d))
                    : resized(d, at, axes.length == 0 ? shape.rank() : axes.length);
        }
        Elements y = node.zeros(0);
        Places.forEach(y.shape(), (i, at) -> {
            for (int d = 0; d < at.length; d++) {
                if (taps[d][at[d]] == null) {
                    put(y, i, op.extrapolation());
                    return;
                }
            }
            if (op.interpolation() == Resize.Interpolation.NEAREST && !x.areReal()) {
                y.set(i, x.whole(nearest(at)));
            } else {
                put(y, i, sum(at, 0, 0));
            }
        });
        return y.tensor();
    }

    /** A result as it is, or as the nearest code. */
    private void put(Elements y, int i, double value) {
        if (y.areReal()) {
            y.set(i, value);
        } else {
            y.set(i, (long) Math.min(
                    Math.max(Math.rint(value), y.dtype().min()), y.dtype().max()));
        }
    }

    private int nearest(int[] at) {
        int[] from = new int[at.length];
        for (int d = 0; d < at.length; d++) {
            from[d] = taps[d][at[d]][0].index;
        }
        return Places.index(from, shape);
    }

    /** The weighted sum along the dimensions from d on. */
    private double sum(int[] at, int d, int index) {
        if (d == at.length) {
            return x.areReal() ? x.real(index) : x.whole(index);
        }
        double sum = 0;
        for (Tap tap : taps[d][at[d]]) {
            sum += tap.weight * sum(at, d + 1, index * (int) shape.dim(d) + tap.index);
        }
        return sum;
    }

    private static Tap[][] unchanged(int size) {
        Tap[][] each = new Tap[size][];
        for (int i = 0; i < size; i++) {
            each[i] = new Tap[] {new Tap(i, 1)};
        }
        return each;
    }

    /** The elements that each place along an axis takes; null: it lies outside of the region. */
    private Tap[][] resized(int axis, int number, int count) {
        int size = (int) shape.dim(axis);
        int to = (int) node.result(0).dim(axis);
        double scale = scale(axis, number);
        boolean crop = op.coordinates() == Resize.Coordinates.TF_CROP_AND_RESIZE;
        double start = crop ? node.elements(1).real(number) : 0;
        double end = crop ? node.elements(1).real(count + number) : 1;
        Tap[][] each = new Tap[to][];
        for (int i = 0; i < to; i++) {
            double place = place(i, size, to, scale, start, end);
            each[i] = crop && (place < 0 || place > size - 1) ? null : taps(place, size, scale);
        }
        return each;
    }

    private double scale(int axis, int number) {
        if (node.has(2)) {
            return node.elements(2).real(number);
        }
        long[] sizes = node.numbers(3);
        if (op.policy() == Resize.Policy.STRETCH) {
            return (double) sizes[number] / shape.dim(axis);
        }
        double scale = op.policy() == Resize.Policy.NOT_LARGER ? Double.POSITIVE_INFINITY : 0;
        for (int i = 0; i < sizes.length; i++) {
            double each = (double) sizes[i]
                    / shape.dim(op.axes().isEmpty() ? i : op.axes().get(i));
            scale = op.policy() == Resize.Policy.NOT_LARGER ? Math.min(scale, each) : Math.max(scale, each);
        }
        return scale;
    }

    /** Where in x the center of element i lies; {@code size·scale} is what the result would measure if it were not rounded. */
    private double place(int i, int size, int to, double scale, double start, double end) {
        double length = size * scale;
        return switch (op.coordinates()) {
            case HALF_PIXEL -> (i + 0.5) / scale - 0.5;
            case HALF_PIXEL_SYMMETRIC -> size / 2.0 * (1 - to / length) + (i + 0.5) / scale - 0.5;
            case PYTORCH_HALF_PIXEL -> to == 1 ? 0 : (i + 0.5) / scale - 0.5;
            case ALIGN_CORNERS -> length == 1 ? 0 : i * (size - 1) / (length - 1);
            case ASYMMETRIC -> i / scale;
            case TF_HALF_PIXEL_FOR_NN -> (i + 0.5) / scale;
            case TF_CROP_AND_RESIZE ->
                to == 1
                        ? (start + end) * (size - 1) / 2
                        : start * (size - 1) + i * (end - start) * (size - 1) / (to - 1);
        };
    }

    private Tap[] taps(double place, int size, double scale) {
        if (op.interpolation() == Resize.Interpolation.NEAREST) {
            int index = (int)
                    switch (op.nearest()) {
                        case ROUND_PREFER_FLOOR -> Math.ceil(place - 0.5);
                        case ROUND_PREFER_CEIL -> Math.floor(place + 0.5);
                        case FLOOR -> Math.floor(place);
                        case CEIL -> Math.ceil(place);
                    };
            return new Tap[] {new Tap(Math.min(Math.max(index, 0), size - 1), 1)};
        }
        // Shrinking widens the filter by as much, if asked to.
        double width = op.antialias() ? Math.min(scale, 1) : 1;
        double reach = (op.interpolation() == Resize.Interpolation.LINEAR ? 1 : 2) / width;
        int first = (int) Math.ceil(place - reach);
        int last = (int) Math.floor(place + reach);
        List<Tap> found = new ArrayList<>();
        double total = 0;
        for (int i = first; i <= last; i++) {
            boolean outside = i < 0 || i >= size;
            double weight = weight(Math.abs(i - place) * width);
            if (weight != 0 && !(outside && op.excludeOutside())) {
                found.add(new Tap(Math.min(Math.max(i, 0), size - 1), weight));
                total += weight;
            }
        }
        double whole = total;
        return found.stream().map(tap -> new Tap(tap.index, tap.weight / whole)).toArray(Tap[]::new);
    }

    /** The weight of an element at a distance: a triangle, or the cubic of Keys (1981), equation 8. */
    private double weight(double distance) {
        if (op.interpolation() == Resize.Interpolation.LINEAR) {
            return Math.max(0, 1 - distance);
        }
        double a = op.cubicA();
        if (distance <= 1) {
            return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
        }
        return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0;
    }
}
