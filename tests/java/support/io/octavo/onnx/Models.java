package io.octavo.onnx;

import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model file in the making. */
final class Models {
    private final List<NodeDef> nodes = new ArrayList<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private final List<ValueInfo> outputs = new ArrayList<>();
    private final List<TensorDef> initializers = new ArrayList<>();
    private final Map<String, Long> opsets = new TreeMap<>(Map.of("", 17L));

    Models opset(long version) {
        opsets.put("", version);
        return this;
    }

    Models domain(String domain, long version) {
        opsets.put(domain, version);
        return this;
    }

    /** Numbers are sizes, strings names of unknown dimensions. */
    Models input(String name, ElementType type, Object... dims) {
        inputs.add(ValueInfo.of(name, type, Arrays.stream(dims).map(Models::dim).toList()));
        return this;
    }

    private static DimDef dim(Object dim) {
        return dim instanceof Integer size ? new DimDef.Size(size) : new DimDef.Named((String) dim);
    }

    Models constant(String name, Tensor data) {
        initializers.add(TensorDef.of(name, data));
        return this;
    }

    Models node(String type, String inputs, String outputs, Map<String, Attribute> attributes) {
        return node("", type, inputs, outputs, attributes);
    }

    /** Inputs and outputs are separated by blanks, "-" is an absent one. */
    Models node(String domain, String type, String inputs, String outputs, Map<String, Attribute> attributes) {
        nodes.add(new NodeDef("", domain, type, "", names(inputs), names(outputs), attributes));
        return this;
    }

    Models node(String type, String inputs, String outputs) {
        return node(type, inputs, outputs, Map.of());
    }

    private static List<String> names(String names) {
        return names.isEmpty()
                ? List.of()
                : Arrays.stream(names.split(" "))
                        .map(name -> name.equals("-") ? "" : name)
                        .toList();
    }

    Models output(String name) {
        outputs.add(ValueInfo.of(name, ElementType.F32, null));
        return this;
    }

    ModelDef model() {
        GraphDef graph = new GraphDef("test", nodes, inputs, outputs, List.of(), initializers);
        return new ModelDef(8, opsets, new ModelDef.Producer("", "", "", 0), graph, List.of(), Map.of());
    }

    /** Writes it into the folder. */
    Path write(Path folder) {
        Path file = folder.resolve("model.onnx");
        OnnxFile.write(file, model());
        return file;
    }
}
