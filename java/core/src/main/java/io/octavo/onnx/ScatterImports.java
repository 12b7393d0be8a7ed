package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Value;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Elements written over others at places that are known: what results is picked from the old elements and the new ones, one behind
 * the other.
 */
final class ScatterImports {
    private ScatterImports() {}

    static void addTo(Imports.Table table) {
        table.row("ScatterND", ScatterImports::tuples);
        table.rows(ScatterImports::elements, "ScatterElements", "Scatter");
    }

    private static void requireKnown(ImportNode node) {
        String reduction = node.def().getString("reduction", "none");
        if (!reduction.equals("none")) {
            throw node.unsupported(node.def().opType() + " with the reduction \"" + reduction + "\"");
        }
        for (int i : new int[] {0, 2}) {
            if (!node.value(i).shape().isKnown()) {
                throw node.unsupported(
                        node.def().opType() + " of " + node.value(i) + ", whose sizes are not all known,");
            }
        }
        node.requireConstant(1);
        node.count(node.value(0).shape().dims());
    }

    /** Slices, each at a position in the first dimensions. */
    private static void tuples(ImportNode node) {
        requireKnown(node);
        Shape data = node.value(0).shape();
        Shape places = node.constant(1).shape();
        int depth = places.rank() == 0 ? 0 : Math.toIntExact(places.dim(places.rank() - 1));
        if (depth < 1 || depth > data.rank()) {
            throw new InvalidValueException("indices " + node.constant(1) + " of " + node.value(0));
        }
        long slices = product(data, 0, depth);
        long size = product(data, depth, data.rank());
        long[] numbers = node.numbers(1);
        int count = numbers.length / depth;
        if (node.value(2).shape().elements() != count * size) {
            throw new InvalidValueException(node.value(2) + " for " + count + " positions in " + node.value(0));
        }
        long[] from = LongStream.range(0, slices).toArray();
        for (int i = 0; i < count; i++) {
            long place = 0;
            for (int d = 0; d < depth; d++) {
                place = place * data.dim(d) + inside(numbers[i * depth + d], data.dim(d));
            }
            from[Math.toIntExact(place)] = slices + i;
        }
        finish(node, from, size);
    }

    /** Single elements, which differ from their own place along an axis. */
    private static void elements(ImportNode node) {
        requireKnown(node);
        Shape data = node.value(0).shape();
        Shape places = node.constant(1).shape();
        int axis = node.axis(node.getInt("axis", 0), data.rank());
        boolean fits =
                places.rank() == data.rank() && places.equals(node.value(2).shape());
        for (int d = 0; fits && d < data.rank(); d++) {
            fits = d == axis || places.dim(d) <= data.dim(d);
        }
        if (!fits) {
            throw new InvalidValueException(
                    "indices " + node.constant(1) + " for " + node.value(2) + " in " + node.value(0));
        }
        long[] numbers = node.numbers(1);
        long[] from = LongStream.range(0, data.elements()).toArray();
        for (int i = 0; i < numbers.length; i++) {
            long place = 0;
            long stride = 1;
            long rest = i;
            for (int d = data.rank() - 1; d >= 0; d--) {
                long at = d == axis ? inside(numbers[i], data.dim(d)) : rest % places.dim(d);
                rest /= places.dim(d);
                place += at * stride;
                stride *= data.dim(d);
            }
            from[Math.toIntExact(place)] = data.elements() + i;
        }
        finish(node, from, 1);
    }

    private static long product(Shape shape, int begin, int end) {
        long product = 1;
        for (int d = begin; d < end; d++) {
            product = Math.multiplyExact(product, shape.dim(d));
        }
        return product;
    }

    private static long inside(long index, long size) {
        long counted = index < 0 ? index + size : index;
        if (counted < 0 || counted >= size) {
            throw new InvalidValueException("index " + index + " of " + size + " elements");
        }
        return counted;
    }

    /** @param from for each slice of the result, its number among those of the data and of the updates */
    private static void finish(ImportNode node, long[] from, long size) {
        Value data = node.value(0);
        List<Movement.Reshape.Part> rows = List.of(new Movement.Reshape.Rest(), new Movement.Reshape.Number(size));
        String both = node.add(new Movement.Concat(0), node.reshape(data.name(), rows), node.reshape(node.in(2), rows));
        String picked = node.add(new Movement.Gather(0), both, node.constant("from", Tensor.ofLongs(from)));
        node.out(
                new Movement.Reshape(LongStream.of(data.shape().dims())
                        .<Movement.Reshape.Part>mapToObj(Movement.Reshape.Number::new)
                        .toList()),
                picked);
    }
}
