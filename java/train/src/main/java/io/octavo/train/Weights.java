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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * What a float graph has learned, as a safetensors file: each constant under its name. The file holds no architecture: loading
 * takes a graph of the same one, whatever its weights.
 */
public final class Weights {
    private static final String FORMAT = "octavo.weights";

    /** What PyTorch's batch normalization counts, and nothing here needs. */
    private static final String BATCH_COUNT = ".num_batches_tracked";

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
     * @throws InvalidValueException if it lacks a constant of the graph, or holds a tensor that the graph does not have (other than
     *     a count of batches, see {@link #load(Graph, Path, UnaryOperator)})
     * @throws ShapeMismatchException if a tensor has another type or shape than the graph's constant
     */
    public static Graph load(Graph architecture, Path file) {
        Loaded loaded = load(architecture, file, UnaryOperator.identity());
        List<String> extra = loaded.unused().stream()
                .filter(name -> !name.endsWith(BATCH_COUNT))
                .toList();
        if (!extra.isEmpty()) {
            throw new InvalidValueException("Weights in " + file + " are not those of graph '" + architecture.name()
                    + "', which does not have " + extra);
        }
        return loaded.graph();
    }

    /**
     * A graph with weights from a file.
     *
     * @param graph the architecture with the file's constants
     * @param unused names in the file, in its order, of the tensors that no constant took
     */
    public record Loaded(Graph graph, List<String> unused) {}

    /**
     * Reads constants from a file that names them otherwise, or holds more: PyTorch's {@code state_dict} as safetensors.
     *
     * <pre>{@code
     * Weights.load(graph, file, name -> name.replace("layers.", "").replace("fc.", "head.linear."))
     * }</pre>
     *
     * PyTorch's batch normalization also counts its batches ({@code num_batches_tracked}); nothing here needs the count, so it stays
     * unused.
     *
     * @param names from a tensor's name in the file to the constant's in the graph; null: do not use this tensor. A name that the
     *     graph does not have leaves the tensor unused too
     * @throws InvalidValueException if a constant of the graph would stay without a tensor, or get two; the message names it, and
     *     what stayed unused
     * @throws ShapeMismatchException if a tensor has another type or shape than the graph's constant
     * @throws CorruptDataException if it is no safetensors file
     * @throws io.octavo.DataNotFoundException if there is no such file
     */
    public static Loaded load(Graph architecture, Path file, UnaryOperator<String> names) {
        Map<String, Value> constants = architecture.constants();
        Map<String, Tensor> taken = new LinkedHashMap<>();
        Map<String, String> takenFrom = new HashMap<>();
        List<String> unused = new ArrayList<>();
        SafeTensors.read(file).forEach((name, tensor) -> {
            String renamed = names.apply(name);
            Value constant = renamed == null ? null : constants.get(renamed);
            if (constant == null) {
                unused.add(name);
                return;
            }
            String other = takenFrom.put(renamed, name);
            if (other != null) {
                throw new InvalidValueException("Tensors '" + other + "' and '" + name + "' in " + file
                        + " are both named constant '" + renamed + "' of graph '" + architecture.name() + "'");
            }
            if (tensor.dtype() != constant.dtype() || !tensor.shape().equals(constant.shape())) {
                throw new ShapeMismatchException("Tensor '" + name + "' in " + file + " is " + tensor + ", but graph '"
                        + architecture.name() + "' has " + constant);
            }
            taken.put(renamed, tensor);
        });
        Set<String> missing = new TreeSet<>(constants.keySet());
        missing.removeAll(taken.keySet());
        if (!missing.isEmpty()) {
            throw new InvalidValueException("Weights in " + file + " are not those of graph '" + architecture.name()
                    + "': constants " + missing + " have no tensor; not used are " + unused);
        }
        return new Loaded(architecture.withConstants(taken), List.copyOf(unused));
    }
}
