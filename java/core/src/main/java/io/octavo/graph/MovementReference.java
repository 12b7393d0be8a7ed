package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link Movement} operators give: bytes are copied, whatever they stand for. */
final class MovementReference {
    static final OpTable<Reference, List<Tensor>> TABLE = OpTable.<Reference, List<Tensor>>of(
                    "the reference", Movement.class)
            .row(Movement.Reshape.class, (node, op) -> List.of(unmoved(node)))
            .row(Movement.Transpose.class, (node, op) -> List.of(transpose(node, op)))
            .row(Movement.Slice.class, (node, op) -> List.of(slice(node)))
            .row(Movement.Concat.class, (node, op) -> List.of(concat(node, op)))
            .row(Movement.Split.class, MovementReference::split)
            .row(Movement.Pad.class, (node, op) -> List.of(pad(node, op)))
            .row(Movement.Gather.class, (node, op) -> List.of(gather(node, op)))
            .row(Movement.Expand.class, (node, op) -> List.of(expand(node)))
            .row(Movement.Tile.class, (node, op) -> List.of(tile(node)))
            .row(Movement.Trilu.class, (node, op) -> List.of(trilu(node, op)))
            .row(Movement.OneHot.class, (node, op) -> List.of(oneHot(node, op)))
            .row(Movement.Resize.class, (node, op) -> List.of(ResizeReference.output(node, op)))
            .row(Movement.SpaceToDepth.class, (node, op) -> List.of(spaceToDepth(node, op.block())))
            .row(Movement.DepthToSpace.class, (node, op) -> List.of(depthToSpace(node, op)))
            .build();

    private MovementReference() {}

    static List<Tensor> outputs(Reference node, Movement op) {
        return TABLE.apply(node, op);
    }

    /** Where the element at a place of the result comes from. */
    @FunctionalInterface
    private interface Source {
        /** An index in x, or -1 for what fills new places. */
        int index(int[] at);
    }

    private static Tensor pick(Tensor x, Shape to, Source source, Tensor fill) {
        Tensor y = Tensor.zeros(x.dtype(), to);
        ByteBuffer from = x.bytes();
        ByteBuffer filling = fill == null ? null : fill.bytes();
        ByteBuffer into = y.bytes();
        int size = x.dtype().bytes();
        Places.forEach(to, (i, at) -> {
            int index = source.index(at);
            if (index >= 0) {
                into.put(i * size, from, index * size, size);
            } else {
                into.put(i * size, filling, 0, size);
            }
        });
        return y;
    }

    private static Tensor pick(Tensor x, Shape to, Source source) {
        return pick(x, to, source, null);
    }

    /** One element. */
    private static Tensor zero(Reference node) {
        Elements element = new Elements(node.dtype(0), Shape.of());
        if (!element.areReal()) {
            element.set(0, (long) node.zero(0));
        }
        return element.tensor();
    }

    /** The same elements under the shape of the result; a view. */
    static Tensor unmoved(Reference node) {
        return node.data(0).reshape(node.result(0).dims());
    }

    private static Tensor transpose(Reference node, Movement.Transpose op) {
        int[] from = new int[op.order().size()];
        return pick(node.data(0), node.result(0), at -> {
            for (int i = 0; i < from.length; i++) {
                from[op.order().get(i)] = at[i];
            }
            return Places.index(from, node.shape(0));
        });
    }

    private static Tensor slice(Reference node) {
        Shape x = node.shape(0);
        SliceRange[] ranges = new SliceRange[x.rank()];
        for (int d = 0; d < ranges.length; d++) {
            ranges[d] = new SliceRange(0, 1, x.dim(d));
        }
        long[] starts = node.numbers(1);
        long[] ends = node.numbers(2);
        long[] axes = node.numbers(3);
        long[] steps = node.numbers(4);
        for (int i = 0; i < starts.length; i++) {
            int axis = axes == null ? i : counted(axes[i], x.rank());
            ranges[axis] = SliceRange.of(x.dim(axis), starts[i], ends[i], steps == null ? 1 : steps[i]);
        }
        int[] from = new int[x.rank()];
        return pick(node.data(0), node.result(0), at -> {
            for (int d = 0; d < from.length; d++) {
                from[d] = (int) (ranges[d].first() + at[d] * ranges[d].step());
            }
            return Places.index(from, x);
        });
    }

    /** A dimension or place that counts from the end if it is negative. */
    private static int counted(long number, long size) {
        return (int) (number < 0 ? number + size : number);
    }

    private static Tensor concat(Reference node, Movement.Concat op) {
        for (int part = 0; part < node.inputCount(); part++) {
            node.requireKept(part);
        }
        Tensor y = Tensor.zeros(node.dtype(0), node.result(0));
        ByteBuffer into = y.bytes();
        int size = y.dtype().bytes();
        int before = 0;
        for (int part = 0; part < node.inputCount(); part++) {
            ByteBuffer from = node.data(part).bytes();
            int first = before;
            Places.forEach(node.shape(part), (i, at) -> {
                at[op.axis()] += first;
                into.put(Places.index(at, y.shape()) * size, from, i * size, size);
                at[op.axis()] -= first;
            });
            before += (int) node.shape(part).dim(op.axis());
        }
        return y;
    }

    private static List<Tensor> split(Reference node, Movement.Split op) {
        List<Tensor> parts = new ArrayList<>();
        int before = 0;
        for (int part = 0; part < node.resultCount(); part++) {
            int first = before;
            parts.add(pick(node.data(0), node.result(part), at -> {
                at[op.axis()] += first;
                int index = Places.index(at, node.shape(0));
                at[op.axis()] -= first;
                return index;
            }));
            before += (int) node.result(part).dim(op.axis());
        }
        return parts;
    }

    private static Tensor pad(Reference node, Movement.Pad op) {
        Shape x = node.shape(0);
        long[] pads = node.numbers(1);
        long[] axes = node.numbers(3);
        long[] before = new long[x.rank()];
        for (int i = 0; i < pads.length / 2; i++) {
            before[axes == null ? i : counted(axes[i], x.rank())] = pads[i];
        }
        int[] from = new int[x.rank()];
        Tensor fill = node.has(2) ? node.data(2) : zero(node);
        return pick(
                node.data(0),
                node.result(0),
                at -> {
                    for (int d = 0; d < from.length; d++) {
                        from[d] = inside((int) (at[d] - before[d]), (int) x.dim(d), op.mode());
                        if (from[d] < 0) {
                            return -1;
                        }
                    }
                    return Places.index(from, x);
                },
                fill);
    }

    /** The place in a dimension that a padded one shows; -1: none. */
    private static int inside(int place, int size, Movement.Pad.Mode mode) {
        if (place >= 0 && place < size) {
            return place;
        }
        return switch (mode) {
            case CONSTANT -> -1;
            case REFLECT -> place < 0 ? -place : 2 * (size - 1) - place;
            case EDGE -> place < 0 ? 0 : size - 1;
            case WRAP -> Math.floorMod(place, size);
        };
    }

    private static Tensor gather(Reference node, Movement.Gather op) {
        Shape x = node.shape(0);
        Shape indices = node.shape(1);
        long[] numbers = node.numbers(1);
        int[] from = new int[x.rank()];
        return pick(node.data(0), node.result(0), at -> {
            switch (op.kind()) {
                case SLICES -> {
                    int[] which = Arrays.copyOfRange(at, op.axis(), op.axis() + indices.rank());
                    System.arraycopy(at, 0, from, 0, op.axis());
                    System.arraycopy(at, op.axis() + indices.rank(), from, op.axis() + 1, from.length - op.axis() - 1);
                    from[op.axis()] = place(node, numbers[Places.index(which, indices)], op.axis());
                }
                case ELEMENTS -> {
                    System.arraycopy(at, 0, from, 0, from.length);
                    from[op.axis()] = place(node, numbers[Places.index(at, indices)], op.axis());
                }
                case TUPLES -> {
                    int last = indices.rank() - 1;
                    int tuple = (int) indices.dim(last);
                    int[] which = Arrays.copyOf(at, last + 1);
                    System.arraycopy(at, 0, from, 0, op.batchDims());
                    for (int i = 0; i < tuple; i++) {
                        which[last] = i;
                        int axis = op.batchDims() + i;
                        from[axis] = place(node, numbers[Places.index(which, indices)], axis);
                    }
                    int rest = op.batchDims() + tuple;
                    System.arraycopy(at, last, from, rest, from.length - rest);
                }
            }
            return Places.index(from, x);
        });
    }

    private static int place(Reference node, long index, int axis) {
        long size = node.shape(0).dim(axis);
        if (index < -size || index >= size) {
            throw new InvalidValueException(node.where() + " asks for index " + index + " in dimension " + axis + " of "
                    + node.value(0) + ": it must be in " + -size + ".." + (size - 1));
        }
        return counted(index, size);
    }

    private static Tensor expand(Reference node) {
        return pick(node.data(0), node.result(0), at -> Places.broadcast(at, node.shape(0)));
    }

    private static Tensor tile(Reference node) {
        Shape x = node.shape(0);
        int[] from = new int[x.rank()];
        return pick(node.data(0), node.result(0), at -> {
            for (int d = 0; d < from.length; d++) {
                from[d] = (int) (at[d] % x.dim(d));
            }
            return Places.index(from, x);
        });
    }

    private static Tensor trilu(Reference node, Movement.Trilu op) {
        long diagonal = node.has(1) ? node.numbers(1)[0] : 0;
        int row = node.shape(0).rank() - 2;
        return pick(
                node.data(0),
                node.result(0),
                at -> {
                    long place = at[row + 1] - (long) at[row];
                    boolean kept = op.upper() ? place >= diagonal : place <= diagonal;
                    return kept ? Places.index(at, node.shape(0)) : -1;
                },
                zero(node));
    }

    private static Tensor oneHot(Reference node, Movement.OneHot op) {
        Elements indices = node.elements(0);
        long depth = node.result(0).dim(op.axis());
        int[] which = new int[indices.shape().rank()];
        return pick(node.data(2), node.result(0), at -> {
            System.arraycopy(at, 0, which, 0, op.axis());
            System.arraycopy(at, op.axis() + 1, which, op.axis(), which.length - op.axis());
            int i = Places.index(which, indices.shape());
            double index = indices.areReal() ? indices.real(i) : indices.whole(i);
            return (index < 0 ? index + depth : index) == at[op.axis()] ? 1 : 0;
        });
    }

    private static Tensor spaceToDepth(Reference node, int block) {
        Shape x = node.shape(0);
        int channels = (int) x.dim(1);
        return pick(node.data(0), node.result(0), at -> {
            int within = at[1] / channels;
            int[] from = {
                at[0], at[1] % channels, at[2] * block + within / block, at[3] * block + within % block,
            };
            return Places.index(from, x);
        });
    }

    private static Tensor depthToSpace(Reference node, Movement.DepthToSpace op) {
        Shape x = node.shape(0);
        int block = op.block();
        int channels = (int) node.result(0).dim(1);
        return pick(node.data(0), node.result(0), at -> {
            int within = at[2] % block * block + at[3] % block;
            int channel = op.columnRowDepth() ? at[1] * block * block + within : within * channels + at[1];
            int[] from = {at[0], channel, at[2] / block, at[3] / block};
            return Places.index(from, x);
        });
    }
}
