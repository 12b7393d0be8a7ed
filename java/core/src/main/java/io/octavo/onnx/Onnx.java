package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** ONNX files. */
public final class Onnx {
    /** Versions of the default operators that are read. */
    static final long LEAST_OPSET = 1;

    static final long GREATEST_OPSET = 28;

    private Onnx() {}

    /**
     * Reads a model: opsets 1 to 28 of the default domain. Elements of type F16, BF16 and F64 become F32. Dimensions that the file
     * leaves open keep their names. Weights are copied out of the mapped file once, to memory outside the heap.
     *
     * @throws io.octavo.DataNotFoundException if the file, or a file of its external data, is not there
     * @throws io.octavo.CorruptDataException if it is no well-formed model
     * @throws io.octavo.UnsupportedException if it needs operators, types or versions that are not supported: names each operator with
     *     its nodes
     * @throws io.octavo.DataException if it cannot be read
     */
    public static Graph read(Path file) {
        return read(file, Map.of());
    }

    /**
     * {@link #read(Path)} with some inputs fixed: they are constants of the graph and no inputs any more, such as the axes of a sum or
     * the shape of a result, without which shapes cannot be told.
     *
     * @param fixed tensors by the names of inputs
     * @throws InvalidValueException if a name is not that of an input
     * @throws io.octavo.ShapeMismatchException if a tensor is not of its input's type and shape
     */
    public static Graph read(Path file, Map<String, Tensor> fixed) {
        return read(file, new ReadOptions(fixed, Map.of(), List.of()));
    }

    /**
     * {@link #read(Path)} with inputs fixed or given a shape, or up to other values than the file's outputs: the body of a network whose
     * last operators are not supported is read up to what they begin with.
     *
     * @throws InvalidValueException if a name is not that of an input, or of a value of the file's graph
     * @throws io.octavo.ShapeMismatchException if a tensor or a shape is not one of its input's type and shape
     */
    public static Graph read(Path file, ReadOptions options) {
        InvalidValueException.requireNonNull(file, "path of an ONNX model");
        InvalidValueException.requireNonNull(options, "options for reading an ONNX model");
        return Importer.graph(file.toString(), OnnxFile.read(file), options);
    }

    /**
     * Writes a graph as a model of standard operators, in opset 13, or in the first later one that its operators and types need. What
     * an operator does to its result last, and what a convolution adds, are nodes of their own. Names of nodes, inputs, outputs and
     * unknown dimensions are kept, and those of all values that are left; dropouts, and what no output needs, are not written.
     *
     * <p>Operators on codes are written as DequantizeLinear, the operator on real numbers, and QuantizeLinear (QDQ). {@link #read} makes
     * operators on codes of them again, with the same codes, scales and zero points. Codes of up to 4 bits are held in 4 (opset 21),
     * others in bytes. Codes of a table are looked up in it by Gather; the levels that a table was rounded from are not kept.
     *
     * <p>The file appears whole, under a temporary name before, or not at all. The same graph gives the same bytes on any machine.
     *
     * @throws io.octavo.UnsupportedException if ONNX has no operators for a node: names each such node
     * @throws io.octavo.DataException if it cannot be written; what was there is then as it was
     */
    public static void write(Graph graph, Path file) {
        InvalidValueException.requireNonNull(graph, "graph to be written");
        InvalidValueException.requireNonNull(file, "path of an ONNX model");
        OnnxFile.write(file, Exporter.model(graph));
    }

    /**
     * What a file says of itself; operators that are not supported are no error here.
     *
     * @throws io.octavo.DataNotFoundException if the file, or a file of its external data, is not there
     * @throws io.octavo.CorruptDataException if it is no well-formed model
     * @throws io.octavo.DataException if it cannot be read
     */
    public static ModelInfo describe(Path file) {
        InvalidValueException.requireNonNull(file, "path of an ONNX model");
        return ModelInfo.of(OnnxFile.read(file));
    }
}
