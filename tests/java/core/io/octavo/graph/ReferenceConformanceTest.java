package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.internal.onnx.Collections;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.onnx.Onnx;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link Reference} against the inputs and outputs of ONNX's own cases of single operators. */
class ReferenceConformanceTest {
    /** The few elements of an input beside the first that an operator may want to know before a run: shapes, axes, bounds. */
    private static final int FEW = 8;

    @ParameterizedTest
    @EnumSource(
            value = Collections.class,
            names = {"DEBIAN", "CONFORMANCE"})
    void operatorsComputeWhatTheCasesOfOnnxExpect(Collections collection) {
        assumeTrue(collection.isPresent(), collection + " is not here");
        int computed = 0;
        List<String> failed = new ArrayList<>();
        for (Path model : collection.files("model.onnx")) {
            Path data = model.resolveSibling("test_data_set_0");
            if (!Files.exists(data.resolve("output_0.pb"))
                    || !model.getParent().getParent().endsWith("node")) {
                continue;
            }
            try {
                Map<String, Tensor> inputs = inputs(OnnxFile.read(model).graph(), data);
                Graph graph = read(model, inputs);
                if (graph.nodes().stream().allMatch(node -> Reference.computes(node.op()))) {
                    computed++;
                    compare(model, graph, inputs, data, failed);
                }
            } catch (OctavoException e) {
                // An operator, a type or a tensor without elements that Octavo does not have; what it has is counted
                // below.
                assertTrue(e.getMessage() != null, model::toString);
            }
        }
        assertEquals(List.of(), failed);
        assertTrue(computed >= 350, computed + " cases");
    }

    private static Map<String, Tensor> inputs(GraphDef graph, Path data) {
        List<String> constants =
                graph.initializers().stream().map(TensorDef::name).toList();
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        graph.inputs().stream()
                .filter(input -> !constants.contains(input.name()))
                .forEach(input -> inputs.put(
                        input.name(),
                        OnnxFile.readTensor(data.resolve("input_" + inputs.size() + ".pb"))
                                .tensor()));
        return inputs;
    }

    private static Graph read(Path model, Map<String, Tensor> inputs) {
        try {
            return Onnx.read(model);
        } catch (UnsupportedException e) {
            Map<String, Tensor> fixed = inputs.entrySet().stream()
                    .skip(1)
                    .filter(input -> input.getValue().dtype() != DType.F32
                            || input.getValue().elements() <= FEW)
                    .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
            return Onnx.read(model, fixed);
        }
    }

    private static void compare(Path model, Graph graph, Map<String, Tensor> inputs, Path data, List<String> failed) {
        Map<String, double[]> found = ReferenceRunner.run(graph, inputs);
        for (int i = 0; i < graph.outputs().size(); i++) {
            Elements wanted = Elements.of(
                    OnnxFile.readTensor(data.resolve("output_" + i + ".pb")).tensor());
            double[] output = found.get(graph.outputs().get(i).name());
            if (wanted.dtype() != graph.outputs().get(i).dtype()) {
                continue; // 16-bit floats in a type of integers, as old files have them
            }
            for (int j = 0; j < wanted.count() || j < output.length; j++) {
                if (output.length != wanted.count() || !isNear(output[j], wanted, j)) {
                    failed.add(model.getParent().getFileName() + ": output " + i + ", element " + j);
                    return;
                }
            }
        }
    }

    /** ONNX's own tolerance for real numbers, none for others. */
    private static boolean isNear(double found, Elements wanted, int i) {
        if (!wanted.areReal()) {
            return found == wanted.whole(i);
        }
        double expected = wanted.real(i);
        return found == expected
                || Double.isNaN(found) && Double.isNaN(expected)
                || Math.abs(found - expected) <= 1e-7 + 1e-3 * Math.abs(expected);
    }
}
