package io.octavo.train;

import io.octavo.CorruptDataException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.tensor.SafeTensors;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * What a float graph has learned, as a safetensors file: each constant under its name. The file holds no architecture: loading
 * takes a graph of the same one, whatever its weights.
 */
public final class Weights {
    private static final String FORMAT = "octavo.weights";

    private Weights() {}

    /**
     * Writes all constants of a float graph. The file appears complete or not at all.
     *
     * @throws UnsupportedException if a constant is quantized
     */
    public static void save(Graph graph, Path file) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Value constant : graph.constants().values()) {
            if (constant.isQuantized()) {
                throw new UnsupportedException("Constant " + constant + " of graph '" + graph.name()
                        + "' is quantized: weights are saved from the float graph");
            }
            tensors.put(constant.name(), constant.data());
        }
        SafeTensors.write(file, tensors, Map.of("format", FORMAT, "graph", graph.name()));
    }

    /**
     * Reads constants of a graph.
     *
     * @param architecture a float graph with the constants that the file was saved from
     * @return the architecture with the file's constants
     * @throws io.octavo.DataNotFoundException if there is no such file
     * @throws CorruptDataException if it is no safetensors file
     * @throws InvalidValueException if it lacks a constant of the graph, or holds a tensor that the graph does not have
     * @throws ShapeMismatchException if a tensor has another type or shape than the graph's constant
     */
    public static Graph load(Graph architecture, Path file) {
        Map<String, Tensor> tensors = SafeTensors.read(file);
        Map<String, Value> constants = architecture.constants();
        TreeSet<String> missing = new TreeSet<>(constants.keySet());
        missing.removeAll(tensors.keySet());
        TreeSet<String> extra = new TreeSet<>(tensors.keySet());
        extra.removeAll(constants.keySet());
        if (!missing.isEmpty() || !extra.isEmpty()) {
            throw new InvalidValueException("Weights in " + file + " are not those of graph '" + architecture.name()
                    + "': " + some(missing) + " missing, " + some(extra) + " not in the graph");
        }
        tensors.forEach((name, tensor) -> {
            Value constant = constants.get(name);
            if (tensor.dtype() != constant.dtype() || !tensor.shape().equals(constant.shape())) {
                throw new ShapeMismatchException("Tensor '" + name + "' in " + file + " is " + tensor + ", but graph '"
                        + architecture.name() + "' has " + constant);
            }
        });
        return architecture.withConstants(tensors);
    }

    /** How many names, and the first of them. */
    private static String some(TreeSet<String> names) {
        return names.isEmpty()
                ? "none"
                : names.size() == 1 ? names.first() : names.size() + " (" + names.first() + ", ..)";
    }
}
