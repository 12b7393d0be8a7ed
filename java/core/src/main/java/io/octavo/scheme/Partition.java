package io.octavo.scheme;

import io.octavo.internal.bind.GroupArrays.Groups;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * The parts of a tensor that have a parameter set each, as consecutive ranges of a flat tensor. Parts of axis 0 lie so
 * already; for another axis the elements are copied channel by channel, and put back by {@link #restore}.
 */
final class Partition {
    private final Shape shape;
    private final View view;
    private final Tensor flat;
    private final Groups groups;

    /** A tensor seen as [outer, channels, inner]. */
    record View(long outer, long channels, long inner) {}

    private Partition(Shape shape, View view, Tensor flat, Groups groups) {
        this.shape = shape;
        this.view = view;
        this.flat = flat;
        this.groups = groups;
    }

    /** How an axis divides a shape; one channel per tensor, the channels of axis 0 per group. */
    static View view(Shape shape, Granularity granularity) {
        if (granularity.isPerTensor()) {
            return new View(1, 1, shape.elements());
        }
        long outer = 1;
        long inner = 1;
        for (int i = 0; i < shape.rank(); i++) {
            if (i < granularity.axis()) {
                outer *= shape.dim(i);
            } else if (i > granularity.axis()) {
                inner *= shape.dim(i);
            }
        }
        return new View(outer, shape.dim(granularity.axis()), inner);
    }

    /** The parts of a tensor of any type. */
    static Partition of(Tensor x, Granularity granularity) {
        granularity.count(x.shape()); // refuses an axis that the shape does not have
        View view = view(x.shape(), granularity);
        long columns = view.outer() * view.inner();
        long size = granularity.isPerGroup() ? Math.min(granularity.groupSize(), columns) : columns;
        Tensor flat = view.outer() == 1 ? x : swapped(x, view.outer(), view.channels(), view.inner());
        return new Partition(x.shape(), view, flat.reshape(x.elements()), new Groups(view.channels(), columns, size));
    }

    int count() {
        return groups.count();
    }

    /** Where the parts lie in {@link #flat()}. */
    Groups groups() {
        return groups;
    }

    /** All elements, part after part. */
    Tensor flat() {
        return flat;
    }

    /** A view of the elements of one part, [n]. */
    Tensor part(int i) {
        return flat.slice(groups.begin(i), groups.end(i));
    }

    /** A tensor of the original shape from one that is laid out as {@link #flat()}. */
    Tensor restore(Tensor likeFlat) {
        Tensor ordered = view.outer() == 1 ? likeFlat : swapped(likeFlat, view.channels(), view.outer(), view.inner());
        return ordered.reshape(shape.dims());
    }

    /** [a, b, inner] as [b, a, inner], flat. */
    private static Tensor swapped(Tensor x, long a, long b, long inner) {
        Tensor y = Tensor.zeros(x.dtype(), Shape.of(x.elements()));
        int run = Math.toIntExact(inner * x.dtype().bytes());
        ByteBuffer from = x.bytes();
        ByteBuffer to = y.bytes();
        for (int i = 0; i < a; i++) {
            for (int j = 0; j < b; j++) {
                to.put((int) ((j * a + i) * run), from, (int) ((i * b + j) * run), run);
            }
        }
        return y;
    }

    /** A tensor of codes, uninitialized in meaning, laid out as {@link #flat()}. */
    Tensor codes() {
        return Tensor.zeros(DType.U8, Shape.of(flat.elements()));
    }
}
