package io.octavo.conformance;

import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.internal.onnx.ValueType;
import io.octavo.onnx.Onnx;
import io.octavo.runtime.Session;
import io.octavo.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Imports a case's model, runs it on each of its data sets, and compares. */
final class CaseRunner {
    /** How the importer asks for what shapes depend on. */
    private static final Pattern MUST_BE_KNOWN = Pattern.compile("\"([^\"]*)\" must be a constant");

    private final Case of;

    private CaseRunner(Case of) {
        this.of = of;
    }

    /** Never throws: what is not typed has failed. */
    static Outcome run(Case of) {
        try {
            String difference = new CaseRunner(of).difference();
            return difference == null
                    ? new Outcome(of, Outcome.Result.PASSED, "")
                    : new Outcome(of, Outcome.Result.FAILED, difference);
        } catch (UnsupportedException e) {
            return new Outcome(of, Outcome.Result.UNSUPPORTED, message(of, e));
        } catch (OctavoException e) {
            return new Outcome(of, Outcome.Result.FAILED, message(of, e));
        } catch (RuntimeException | Error e) {
            return new Outcome(of, Outcome.Result.FAILED, "not a typed error: " + e);
        }
    }

    /** Without the file, which the case names. */
    private static String message(Case of, OctavoException e) {
        String kind = e.getClass().getSimpleName() + ": ";
        return (e instanceof UnsupportedException ? "" : kind)
                + String.valueOf(e.getMessage()).replace(of.model() + ": ", "").replace('\n', ' ');
    }

    private String difference() {
        GraphDef graph = OnnxFile.read(of.model()).graph();
        for (Path set : of.dataSets()) {
            String difference = difference(graph, set);
            if (difference != null) {
                return set.equals(of.model().getParent()) ? difference : set.getFileName() + ", " + difference;
            }
        }
        return null;
    }

    private String difference(GraphDef def, Path set) {
        Map<String, Tensor> fixed = new HashMap<>();
        Graph graph = read(def, set, fixed);
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), input(def, set, input.name())));
        List<Tensor> outputs;
        try (Session session = Session.builder(graph).threads(1).build()) {
            outputs = session.run(List.copyOf(inputs.values()));
        }
        if (outputs.size() != def.outputs().size()) {
            return outputs.size() + " outputs, expected " + def.outputs().size();
        }
        int compared = 0;
        for (int i = 0; Files.exists(set.resolve("output_" + i + ".pb")); i++) {
            TensorDef expected =
                    tensor(set.resolve("output_" + i + ".pb"), def.outputs().get(i));
            String difference = Comparison.difference(outputs.get(i), expected, of.tolerance());
            if (difference != null) {
                return "output \"" + def.outputs().get(i).name() + "\" " + difference;
            }
            compared++;
        }
        return compared > 0 ? null : "the case expects nothing";
    }

    /** Inputs that the importer must know to tell shapes, such as axes, are fixed one after the other as it names them. */
    private Graph read(GraphDef def, Path set, Map<String, Tensor> fixed) {
        while (true) {
            try {
                return Onnx.read(of.model(), fixed);
            } catch (UnsupportedException e) {
                Matcher asked = MUST_BE_KNOWN.matcher(e.getMessage());
                if (!asked.find() || fixed.containsKey(asked.group(1)) || index(def, asked.group(1)) < 0) {
                    throw e;
                }
                fixed.put(asked.group(1), input(def, set, asked.group(1)));
            }
        }
    }

    private static int index(GraphDef def, String input) {
        return def.inputs().stream().map(ValueInfo::name).toList().indexOf(input);
    }

    private static Tensor input(GraphDef def, Path set, String name) {
        int index = index(def, name);
        Path file = set.resolve("input_" + index + ".pb");
        ValueInfo info = def.inputs().get(index);
        if (!Files.exists(file)) {
            return ramp(info);
        }
        TensorDef tensor = tensor(file, info);
        if (contradicts(tensor, info)) {
            throw new UnsupportedException("the case contradicts itself: input \"" + name + "\" is " + info.type()
                    + " in the model, " + tensor.type() + " " + tensor.dims() + " in the data");
        }
        return tensor.tensor();
    }

    /** Whether a file's dimensions are not what the model says of them: some old cases of BF16 are like that. */
    private static boolean contradicts(TensorDef tensor, ValueInfo info) {
        List<DimDef> dims = info.type() instanceof ValueType.OfTensor type ? type.dims() : null;
        if (dims == null) {
            return false;
        }
        boolean same = dims.size() == tensor.dims().size();
        for (int i = 0; same && i < dims.size(); i++) {
            same = !(dims.get(i) instanceof DimDef.Size size)
                    || size.value() == tensor.dims().get(i)
                    || size.value() == 0;
        }
        return !same;
    }

    /** Old test data have BF16 as the integers of its bits. */
    private static TensorDef tensor(Path file, ValueInfo info) {
        TensorDef tensor = OnnxFile.readTensor(file);
        return tensor.type() == ElementType.U16
                        && info.type() instanceof ValueType.OfTensor type
                        && type.element() == ElementType.BF16
                ? new TensorDef(tensor.name(), ElementType.BF16, tensor.dims(), tensor.data())
                : tensor;
    }

    /** What ONNX's runner gives whole networks that come without inputs: 0 to 1 in even steps. */
    private static Tensor ramp(ValueInfo info) {
        long[] dims = ((ValueType.OfTensor) info.type())
                .dims().stream().mapToLong(dim -> ((DimDef.Size) dim).value()).toArray();
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) i / values.length;
        }
        return Tensor.of(values, dims);
    }
}
