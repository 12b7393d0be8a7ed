package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link Onnx#read(java.nio.file.Path, ReadOptions)} takes otherwise than the file says it. Immutable.
 *
 * @param fixed inputs that become constants, by name
 * @param shapes inputs' shapes, by name; an unknown dimension says nothing
 * @param outputs values of the file to be the outputs; empty: the file's own
 */
public record ReadOptions(Map<String, Tensor> fixed, Map<String, Shape> shapes, List<String> outputs) {
    /** Copies. */
    public ReadOptions {
        fixed = Map.copyOf(InvalidValueException.requireNonNull(fixed, "fixed inputs"));
        shapes = Map.copyOf(InvalidValueException.requireNonNull(shapes, "shapes of inputs"));
        outputs = List.copyOf(InvalidValueException.requireNonNull(outputs, "names of outputs"));
    }

    /** All as the file says. */
    public static ReadOptions none() {
        return new ReadOptions(Map.of(), Map.of(), List.of());
    }

    /** With an input that is a constant and no input any more, such as the axes of a sum. */
    public ReadOptions fix(String input, Tensor value) {
        Map<String, Tensor> more = new HashMap<>(fixed);
        more.put(input, value);
        return new ReadOptions(more, shapes, outputs);
    }

    /** With the shape of an input, in which dimensions that the file leaves open, or some of them, are numbers. */
    public ReadOptions shape(String input, Shape shape) {
        Map<String, Shape> more = new HashMap<>(shapes);
        more.put(input, shape);
        return new ReadOptions(fixed, more, outputs);
    }

    /** With these values as the outputs, whatever the file goes on to do with them: what only comes after them is not read. */
    public ReadOptions outputs(String... names) {
        return new ReadOptions(fixed, shapes, List.of(names));
    }
}
