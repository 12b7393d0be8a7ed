package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/** What {@link Movement} operators give. */
final class MovementInference {
    static final OpTable<Inference, List<Spec>> TABLE = OpTable.<Inference, List<Spec>>of(
                    "shape inference", Movement.class)
            .row(Movement.Reshape.class, (node, op) -> List.of(reshape(node, op)))
            .row(Movement.Transpose.class, (node, op) -> List.of(transpose(node, op)))
            .row(Movement.Slice.class, (node, op) -> List.of(slice(node)))
            .row(Movement.Concat.class, (node, op) -> List.of(concat(node, op)))
            .row(Movement.Split.class, MovementInference::split)
            .row(Movement.Pad.class, (node, op) -> List.of(pad(node, op)))
            .row(Movement.Gather.class, (node, op) -> List.of(gather(node, op)))
            .row(Movement.Expand.class, (node, op) -> List.of(expand(node)))
            .row(Movement.Tile.class, (node, op) -> List.of(tile(node)))
            .row(Movement.Trilu.class, (node, op) -> List.of(trilu(node)))
            .row(Movement.OneHot.class, (node, op) -> List.of(oneHot(node, op)))
            .row(Movement.Resize.class, (node, op) -> List.of(ResizeInference.output(node, op)))
            .row(Movement.SpaceToDepth.class, (node, op) -> List.of(spaceToDepth(node, op.block())))
            .row(Movement.DepthToSpace.class, (node, op) -> List.of(depthToSpace(node, op.block())))
            .build();

    private MovementInference() {}

    static List<Spec> outputs(Inference node, Movement op) {
        return TABLE.apply(node, op);
    }

    /** The shape that an input of integers says; with unknown dimensions if it is not known yet. */
    static Shape asShape(Inference node, Value shape, int index) {
        List<Entry> entries = node.entries(index);
        if (entries == null) {
            return open(node, shape);
        }
        for (Entry entry : entries) {
            if (entry.is(0)) {
                throw node.empty(shape, "asked for the shape " + entries);
            }
            if (entry.isKnown() && entry.number() < 0) {
                throw node.mismatch(shape, "dimensions of at least 1, not " + entries);
            }
        }
        return Shape.ofDims(entries.stream().map(Entry::dim).toArray(Dim[]::new));
    }

    /** As many unknown dimensions as a vector has elements. */
    private static Shape open(Inference node, Value vector) {
        return Shape.ofDims(
                IntStream.range(0, length(node, vector)).mapToObj(node::unknown).toArray(Dim[]::new));
    }

    private static int length(Inference node, Value vector) {
        if (vector.shape().rank() != 1
                || vector.shape().dim(0) == Shape.N
                || vector.shape().dim(0) > Shape.MAX_RANK) {
            throw node.mismatch(vector, "one dimension of a known size up to " + Shape.MAX_RANK);
        }
        return (int) vector.shape().dim(0);
    }

    // ---- Reshape

    private static Spec reshape(Inference node, Movement.Reshape op) {
        node.arity(op.parts() == null ? 2 : 1, op.parts() == null ? 2 : 1);
        Value x = node.required(0, "x");
        if (op.parts() != null) {
            return node.same(x, reshaped(node, x, dims(node, x, op.parts())));
        }
        List<Entry> entries = node.entries(1);
        Shape to = entries == null
                ? open(node, node.required(1, "shape"))
                : reshaped(node, x, dims(node, x, entries, op.zeroIsZero()));
        return node.same(x, to);
    }

    /** The dimensions that the entries of a shape say, null for what is left. */
    private static Dim[] dims(Inference node, Value x, List<Entry> entries, boolean zeroIsZero) {
        Dim[] dims = new Dim[entries.size()];
        for (int i = 0; i < dims.length; i++) {
            if (entries.get(i).is(0) && !zeroIsZero && i < x.shape().rank()) {
                dims[i] = x.shape().dimension(i);
            } else if (entries.get(i).is(0)) {
                throw node.empty(x, "asked for the shape " + entries);
            } else if (entries.get(i).isKnown() && entries.get(i).number() < -1) {
                throw node.mismatch(x, "a shape of numbers from -1 on, not " + entries);
            } else {
                dims[i] = entries.get(i).is(-1) ? null : entries.get(i).dim();
            }
        }
        if (Arrays.stream(dims).filter(Objects::isNull).count() > 1) {
            throw node.mismatch(x, "a shape with one -1, not " + entries);
        }
        return dims;
    }

    private static Dim[] dims(Inference node, Value x, List<Movement.Reshape.Part> parts) {
        Dim[] dims = new Dim[parts.size()];
        for (int i = 0; i < dims.length; i++) {
            if (parts.get(i) instanceof Movement.Reshape.Number number) {
                dims[i] = Dim.of(number.size());
            } else if (parts.get(i) instanceof Movement.Reshape.Product product) {
                if (product.from() < 0 || product.to() > x.shape().rank() || product.from() > product.to()) {
                    throw node.mismatch(x, "dimensions " + product.from() + " to " + product.to());
                }
                dims[i] = node.product(x.shape(), product.from(), product.to(), i);
            }
        }
        return dims;
    }

    private static Shape reshaped(Inference node, Value x, Dim[] dims) {
        int rest = Arrays.asList(dims).indexOf(null);
        if (rest >= 0) {
            dims[rest] = rest(node, x, dims, rest);
        }
        Shape to = Shape.ofDims(dims);
        if (x.shape().isKnown() && to.isKnown() && x.shape().elements() != to.elements()) {
            throw node.mismatch(x, "as many elements as " + to + " has");
        }
        return to;
    }

    /** What is left for one dimension: unknown ones that stand on both sides cancel each other. */
    private static Dim rest(Inference node, Value x, Dim[] dims, int rest) {
        List<Dim> open = new ArrayList<>();
        long have = 1;
        for (Dim dim : x.shape().dimensions()) {
            if (dim.isKnown()) {
                have = Math.multiplyExact(have, dim.size());
            } else {
                open.add(dim);
            }
        }
        long taken = 1;
        for (int i = 0; i < dims.length; i++) {
            if (i != rest && dims[i].isKnown()) {
                taken = Math.multiplyExact(taken, dims[i].size());
            } else if (i != rest && !open.remove(dims[i])) {
                return node.unknown(rest);
            }
        }
        if (open.isEmpty()) {
            if (have % taken != 0) {
                throw node.mismatch(x, "a multiple of " + taken + " elements");
            }
            return Dim.of(have / taken);
        }
        return open.size() == 1 && have == taken ? open.get(0) : node.unknown(rest);
    }

    // ---- One to one

    private static Spec transpose(Inference node, Movement.Transpose op) {
        Value x = node.only();
        if (op.order().size() != x.shape().rank()) {
            throw node.mismatch(x, op.order().size() + " dimensions, for the order " + op.order());
        }
        return node.same(
                x, Shape.ofDims(op.order().stream().map(x.shape()::dimension).toArray(Dim[]::new)));
    }

    private static Spec slice(Inference node) {
        node.arity(3, 5);
        Value x = node.required(0, "x");
        node.required(2, "ends");
        if (node.isOpen(3)) {
            throw node.mismatch(node.required(3, "axes"), "a constant: which dimensions are cut must be known");
        }
        int[] axes = axes(node, x, 3, length(node, node.required(1, "starts")));
        for (int i = 2; i < 5; i++) {
            Value numbers = node.optional(i);
            if (numbers != null && i != 3 && !numbers.shape().equals(Shape.of(axes.length))) {
                throw node.mismatch(numbers, "[" + axes.length + "], one number for each of the axes");
            }
        }
        List<Entry> starts = node.entries(1);
        List<Entry> ends = node.entries(2);
        List<Entry> steps = node.entries(4);
        Shape shape = x.shape();
        for (int i = 0; i < axes.length; i++) {
            boolean said = starts != null && ends != null && (steps != null || node.optional(4) == null);
            Entry step = steps == null ? Entry.of(1) : steps.get(i);
            shape = shape.with(
                    axes[i],
                    said && starts.get(i).isKnown() && step.isKnown()
                            ? sliced(node, x, axes[i], starts.get(i).number(), ends.get(i), step.number())
                            : node.unknown(axes[i]));
        }
        return node.same(x, shape);
    }

    /** What a slice leaves of a dimension. */
    private static Dim sliced(Inference node, Value x, int axis, long start, Entry end, long step) {
        Dim whole = x.shape().dimension(axis);
        if (end.isKnown() && whole.isKnown()) {
            SliceRange range = SliceRange.of(whole.size(), start, end.number(), step);
            if (range.count() < 1) {
                throw node.empty(x, "asked for dimension " + axis + " from " + start + " to " + end);
            }
            return Dim.of(range.count());
        }
        boolean toEnd =
                end.isKnown() ? end.number() >= Integer.MAX_VALUE : end.dim().equals(whole);
        return toEnd && start == 0 && step == 1 ? whole : node.unknown(axis);
    }

    /** The axes that an input names, each once; the first {@code count} if it is absent. */
    static int[] axes(Inference node, Value x, int index, int count) {
        long[] numbers = node.numbers(index);
        int[] axes = numbers == null
                ? IntStream.range(0, count).toArray()
                : Arrays.stream(numbers).mapToInt(axis -> node.axis(x, axis)).toArray();
        if (axes.length != count
                || Arrays.stream(axes).distinct().count() != count
                || count > x.shape().rank()) {
            throw node.mismatch(x, count + " different dimensions, for axes " + Arrays.toString(axes));
        }
        return axes;
    }

    private static Spec pad(Inference node, Movement.Pad op) {
        node.arity(2, 4);
        Value x = node.required(0, "x");
        Value pads = node.required(1, "pads");
        if (node.isOpen(3)) {
            throw node.mismatch(node.required(3, "axes"), "a constant: which dimensions are padded must be known");
        }
        Value value = node.optional(2);
        if (value != null && (value.dtype() != x.dtype() || value.shape().rank() > 1)) {
            throw node.mismatch(value, "one number of the type of " + x);
        }
        List<Entry> entries = node.entries(1);
        long[] named = node.numbers(3);
        int count = named == null ? x.shape().rank() : named.length;
        if (pads.shape().rank() != 1 || pads.shape().dim(0) != 2L * count) {
            throw node.mismatch(pads, "[" + 2 * count + "], two numbers for each of " + count + " dimensions");
        }
        int[] axes = axes(node, x, 3, count);
        Shape shape = x.shape();
        for (int i = 0; i < count; i++) {
            if (entries == null
                    || !entries.get(i).isKnown()
                    || !entries.get(count + i).isKnown()) {
                shape = shape.with(axes[i], node.unknown(axes[i]));
                continue;
            }
            long before = entries.get(i).number();
            long after = entries.get(count + i).number();
            if (before == 0 && after == 0) {
                continue;
            }
            long size = x.shape().dim(axes[i]);
            if (size == Shape.N) {
                shape = shape.with(axes[i], node.unknown(axes[i]));
                continue;
            }
            long padded = Math.addExact(Math.addExact(size, before), after);
            if (padded == 0) {
                throw node.empty(x, "asked for padding " + before + " and " + after + " in dimension " + axes[i]);
            }
            if (padded < 0 || op.mode() == Movement.Pad.Mode.REFLECT && Math.max(before, after) >= size) {
                throw node.mismatch(
                        x, "more elements in dimension " + axes[i] + " for padding " + before + " and " + after);
            }
            shape = shape.with(axes[i], Dim.of(padded));
        }
        return node.same(x, shape);
    }

    private static Spec expand(Inference node) {
        node.arity(2, 2);
        Value x = node.required(0, "x");
        Shape to = asShape(node, node.required(1, "shape"), 1);
        return node.same(x, node.broadcast(x.shape(), to));
    }

    private static Spec tile(Inference node) {
        node.arity(2, 2);
        Value x = node.required(0, "x");
        Value repeats = node.required(1, "repeats");
        if (length(node, repeats) != x.shape().rank()) {
            throw node.mismatch(repeats, "[" + x.shape().rank() + "], one number for each dimension of " + x);
        }
        List<Entry> entries = node.entries(1);
        Dim[] dims = x.shape().dimensions();
        for (int i = 0; i < dims.length; i++) {
            Entry times = entries == null ? null : entries.get(i);
            if (times == null || !times.is(1) && !(times.isKnown() && dims[i].isKnown())) {
                boolean said = times != null && !times.isKnown() && dims[i].size() == 1;
                dims[i] = said ? times.dim() : node.unknown(i);
            } else if (times.number() < 1) {
                throw node.mismatch(repeats, "numbers of at least 1");
            } else if (times.number() > 1) {
                dims[i] = Dim.of(Math.multiplyExact(dims[i].size(), times.number()));
            }
        }
        return node.same(x, Shape.ofDims(dims));
    }

    private static Spec trilu(Inference node) {
        node.arity(1, 2);
        Value x = node.required(0, "x");
        node.atLeastRank(x, 2);
        node.numbers(1);
        return node.same(x, x.shape());
    }

    // ---- One to several, several to one

    private static Spec concat(Inference node, Movement.Concat op) {
        node.arity(1, Integer.MAX_VALUE);
        Value first = node.required(0, "x");
        int axis = node.axis(first, op.axis());
        Shape shape = first.shape();
        boolean requantizes = node.wanted() != null && first.isQuantized();
        for (int i = 0; requantizes && i < node.node().inputs().size(); i++) {
            node.activationCodes(node.required(i, "x"));
        }
        for (int i = 1; i < node.node().inputs().size(); i++) {
            Value next = node.required(i, "x");
            if (!requantizes
                    && (next.dtype() != first.dtype() || !Objects.equals(next.quantization(), first.quantization()))) {
                throw node.mismatch(next, "type and parameters of " + first);
            }
            if (next.shape().rank() != shape.rank()) {
                throw node.mismatch(next, shape.rank() + " dimensions, like " + first);
            }
            for (int d = 0; d < shape.rank(); d++) {
                Dim one = shape.dimension(d);
                Dim other = next.shape().dimension(d);
                if (d == axis) {
                    boolean known = one.isKnown() && other.isKnown();
                    shape = shape.with(d, known ? Dim.of(Math.addExact(one.size(), other.size())) : node.unknown(d));
                } else if (!one.isKnown()) {
                    shape = shape.with(d, other.isKnown() ? other : one);
                } else if (other.isKnown() && !other.equals(one)) {
                    throw node.mismatch(next, one + " in dimension " + d + ", like " + first);
                }
            }
        }
        return requantizes ? node.quantized(shape) : node.same(first, shape);
    }

    private static List<Spec> split(Inference node, Movement.Split op) {
        node.arity(1, 2);
        Value x = node.required(0, "x");
        int axis = node.axis(x, op.axis());
        int count = node.node().outputs().size();
        long[] sizes = node.numbers(1);
        List<Entry> entries = node.entries(1);
        long whole = x.shape().dim(axis);
        if (sizes == null && !node.isOpen(1) && whole != Shape.N) {
            long each = (whole + count - 1) / count;
            sizes = new long[count];
            Arrays.fill(sizes, each);
            sizes[count - 1] = whole - each * (count - 1);
        }
        if (sizes != null && Arrays.stream(sizes).anyMatch(size -> size == 0)) {
            throw node.empty(x, "asked for parts of sizes " + Arrays.toString(sizes));
        }
        if (sizes != null
                && (sizes.length != count
                        || Arrays.stream(sizes).anyMatch(size -> size < 0)
                        || whole != Shape.N && Arrays.stream(sizes).sum() != whole)) {
            throw node.mismatch(
                    x,
                    "in dimension " + axis + " what " + count + " parts of sizes " + Arrays.toString(sizes) + " have");
        }
        List<Spec> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Entry said = entries == null || entries.size() != count ? null : entries.get(i);
            Dim size = sizes != null
                    ? Dim.of(sizes[i])
                    : said != null && (!said.isKnown() || said.number() > 0)
                            ? said.dim()
                            : Dim.unknown(node.node().name() + "." + i + "." + axis);
            parts.add(node.same(x, x.shape().with(axis, size)));
        }
        return parts;
    }

    private static Spec gather(Inference node, Movement.Gather op) {
        node.arity(2, 2);
        Value x = node.required(0, "x");
        Value indices = node.required(1, "indices");
        if (indices.isQuantized() || indices.dtype() != DType.S64 && indices.dtype() != DType.S32) {
            throw node.mismatch(indices, "S64 or S32");
        }
        Shape at = indices.shape();
        switch (op.kind()) {
            case SLICES -> {
                int axis = node.axis(x, op.axis());
                List<Dim> dims = new ArrayList<>(List.of(x.shape().dimensions()));
                dims.remove(axis);
                dims.addAll(axis, List.of(at.dimensions()));
                return node.same(x, Shape.ofDims(dims.toArray(Dim[]::new)));
            }
            case ELEMENTS -> {
                int axis = node.axis(x, op.axis());
                if (at.rank() != x.shape().rank()) {
                    throw node.mismatch(indices, x.shape().rank() + " dimensions, like " + x);
                }
                for (int d = 0; d < at.rank(); d++) {
                    if (d != axis
                            && at.dim(d) != Shape.N
                            && x.shape().dim(d) != Shape.N
                            && at.dim(d) > x.shape().dim(d)) {
                        throw node.mismatch(indices, "no more than " + x.shape().dim(d) + " in dimension " + d);
                    }
                }
                return node.same(x, at);
            }
            case TUPLES -> {
                node.atLeastRank(indices, 1);
                long tuple = at.dim(at.rank() - 1);
                if (tuple == Shape.N
                        || op.batchDims() >= at.rank()
                        || op.batchDims() + tuple > x.shape().rank()) {
                    throw node.mismatch(
                            indices, "a last dimension of up to " + (x.shape().rank() - op.batchDims()));
                }
                List<Dim> dims = new ArrayList<>(List.of(at.dimensions()).subList(0, at.rank() - 1));
                dims.addAll(List.of(x.shape().dimensions())
                        .subList(op.batchDims() + (int) tuple, x.shape().rank()));
                return node.same(x, Shape.ofDims(dims.toArray(Dim[]::new)));
            }
        }
        throw new IllegalStateException(op.kind().toString());
    }

    private static Spec oneHot(Inference node, Movement.OneHot op) {
        node.arity(3, 3);
        Value indices = node.required(0, "indices");
        node.required(1, "depth");
        Value values = node.required(2, "values");
        if (!values.shape().equals(Shape.of(2)) || values.isQuantized()) {
            throw node.mismatch(values, "[2], what stands elsewhere and what at the index");
        }
        if (op.axis() > indices.shape().rank()) {
            throw node.mismatch(indices, "at least " + op.axis() + " dimensions");
        }
        long[] depth = node.numbers(1);
        if (depth != null && (depth.length != 1 || depth[0] < 1)) {
            throw node.mismatch(node.required(1, "depth"), "one number of at least 1");
        }
        List<Dim> dims = new ArrayList<>(List.of(indices.shape().dimensions()));
        dims.add(op.axis(), depth == null ? node.unknown(op.axis()) : Dim.of(depth[0]));
        return new Spec(values.dtype(), Shape.ofDims(dims.toArray(Dim[]::new)), null);
    }

    private static Spec spaceToDepth(Inference node, int block) {
        Value x = node.image(node.only());
        Dim[] dims = x.shape().dimensions();
        for (int d = 1; d < 4; d++) {
            if (!dims[d].isKnown()) {
                dims[d] = node.unknown(d);
            } else if (d == 1) {
                dims[d] = Dim.of(dims[d].size() * block * block);
            } else if (dims[d].size() % block != 0) {
                throw node.mismatch(x, "a multiple of " + block + " in dimension " + d);
            } else {
                dims[d] = Dim.of(dims[d].size() / block);
            }
        }
        return node.same(x, Shape.ofDims(dims));
    }

    private static Spec depthToSpace(Inference node, int block) {
        Value x = node.image(node.only());
        Dim[] dims = x.shape().dimensions();
        for (int d = 1; d < 4; d++) {
            if (!dims[d].isKnown()) {
                dims[d] = node.unknown(d);
            } else if (d > 1) {
                dims[d] = Dim.of(dims[d].size() * block);
            } else if (dims[d].size() % ((long) block * block) != 0) {
                throw node.mismatch(x, "a multiple of " + block * block + " channels");
            } else {
                dims[d] = Dim.of(dims[d].size() / ((long) block * block));
            }
        }
        return node.same(x, Shape.ofDims(dims));
    }
}
