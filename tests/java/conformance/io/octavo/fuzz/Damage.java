package io.octavo.fuzz;

import io.octavo.OctavoException;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.internal.onnx.ValueType;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Files that are wrong somewhere: in their bytes, which a reader of the format should notice, or in what they say, which is well
 * formed and means something that no exporter writes.
 */
final class Damage {
    /** Where counts, places and sizes go wrong. */
    private static final long[] NUMBERS = {
        0,
        1,
        -1,
        2,
        3,
        -2,
        7,
        8,
        9,
        255,
        256,
        65_536,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 31,
        1L << 32,
        1L << 40,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private static final float[] FLOATS = {0, -0f, 1, -1, 1e-45f, 1e30f, -1e30f, Float.POSITIVE_INFINITY, Float.NaN};

    private final Random random;

    Damage(long seed) {
        this.random = new Random(seed);
    }

    /** Writes a damaged copy; {@code other} is where parts may come from. */
    void write(Path file, Path other, Path into) throws IOException {
        if (random.nextInt(3) == 0) {
            Files.write(into, bytes(Files.readAllBytes(file), Files.readAllBytes(other)));
            return;
        }
        try {
            ModelDef model = OnnxFile.read(file);
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                model = said(model, random.nextInt(8) == 0 ? OnnxFile.read(other) : model);
            }
            OnnxFile.write(into, model);
        } catch (OctavoException e) {
            // What cannot even be written: two values of one name, data that are too few.
            Files.write(into, bytes(Files.readAllBytes(file), Files.readAllBytes(other)));
        }
    }

    // ---- Bytes

    private byte[] bytes(byte[] file, byte[] other) {
        byte[] bytes = file;
        for (int i = 1 + random.nextInt(4); i > 0 && bytes.length > 0; i--) {
            bytes = changed(bytes, other);
        }
        return bytes;
    }

    private byte[] changed(byte[] bytes, byte[] other) {
        int at = random.nextInt(bytes.length);
        int count = Math.min(1 + random.nextInt(16), bytes.length - at);
        byte[] changed = bytes.clone();
        switch (random.nextInt(7)) {
            case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> changed[at] = (byte) random.nextInt(256);
            case 2 -> Arrays.fill(changed, at, at + count, (byte) (random.nextBoolean() ? 0xFF : 0));
            case 3 -> changed = Arrays.copyOf(bytes, at);
            case 4 -> System.arraycopy(bytes, at, changed, random.nextInt(bytes.length - count + 1), count);
            case 5 -> changed = spliced(bytes, at, bytes, random.nextInt(bytes.length), count);
            default -> {
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                changed = spliced(bytes, at, other, from, Math.min(random.nextInt(400), other.length - from));
            }
        }
        return changed;
    }

    private static byte[] spliced(byte[] bytes, int at, byte[] part, int from, int count) {
        int taken = Math.min(count, part.length - from);
        byte[] result = new byte[bytes.length + taken];
        System.arraycopy(bytes, 0, result, 0, at);
        System.arraycopy(part, from, result, at, taken);
        System.arraycopy(bytes, at, result, at + taken, bytes.length - at);
        return result;
    }

    // ---- What it says

    private ModelDef said(ModelDef model, ModelDef other) {
        GraphDef graph = model.graph();
        List<NodeDef> nodes = new ArrayList<>(graph.nodes());
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        List<ValueInfo> outputs = new ArrayList<>(graph.outputs());
        List<TensorDef> constants = new ArrayList<>(graph.initializers());
        Map<String, Long> opsets = new TreeMap<>(model.opsets());
        switch (random.nextInt(9)) {
            case 0 -> opsets.put("", (long) 1 + random.nextInt(28));
            case 1 -> replace(inputs, this::input);
            case 2 -> replace(constants, this::constant);
            case 3 -> nodes.addAll(random.nextInt(nodes.size() + 1), foreign(graph, other.graph()));
            case 4 -> outputs.add(ValueInfo.of(name(graph), ElementType.F32, null));
            case 5 -> Collections.shuffle(nodes, random);
            default -> replace(nodes, node -> node(node, graph, other.graph()));
        }
        return new ModelDef(
                model.irVersion(),
                opsets,
                model.producer(),
                new GraphDef(graph.name(), nodes, inputs, outputs, graph.values(), constants),
                model.functions(),
                model.metadata());
    }

    private <T> void replace(List<T> list, UnaryOperator<T> change) {
        if (!list.isEmpty()) {
            int at = random.nextInt(list.size());
            list.set(at, change.apply(list.get(at)));
        }
    }

    private ValueInfo input(ValueInfo input) {
        List<DimDef> dims = new ArrayList<>();
        ElementType type = ElementType.F32;
        if (input.type() instanceof ValueType.OfTensor tensor) {
            type = tensor.element();
            dims.addAll(tensor.dims() == null ? List.of() : tensor.dims());
        }
        switch (random.nextInt(4)) {
            case 0 -> type = ElementType.values()[1 + random.nextInt(ElementType.values().length - 1)];
            case 1 -> dims.add(random.nextInt(dims.size() + 1), dim());
            case 2 -> replace(dims, dim -> dim());
            default -> {
                if (!dims.isEmpty()) {
                    dims.remove(random.nextInt(dims.size()));
                }
            }
        }
        return ValueInfo.of(input.name(), type, dims);
    }

    private DimDef dim() {
        return random.nextBoolean() ? new DimDef.Size(number()) : new DimDef.Named("n" + random.nextInt(3));
    }

    /** The same name, and other elements, another shape or another type. */
    private TensorDef constant(TensorDef constant) {
        if (constant.type().isInteger() && constant.type() != ElementType.BOOL && constant.elements() <= 64) {
            long[] values = constant.toLongArray();
            if (values.length > 0 && random.nextBoolean()) {
                values[random.nextInt(values.length)] = number();
                long[] dims = constant.dims().isEmpty() ? new long[] {1} : constant.dimArray();
                return TensorDef.of(constant.name(), Tensor.ofLongs(values, dims));
            }
        }
        if (constant.type() == ElementType.F32 && constant.elements() > 0 && random.nextBoolean()) {
            float[] values = constant.toFloatArray();
            values[random.nextInt(values.length)] = FLOATS[random.nextInt(FLOATS.length)];
            long[] dims = constant.dims().isEmpty() ? new long[] {1} : constant.dimArray();
            return TensorDef.of(constant.name(), Tensor.of(values, dims));
        }
        long[] dims = new long[random.nextInt(6)];
        Arrays.setAll(dims, i -> 1 + random.nextInt(4));
        return TensorDef.of(constant.name(), Tensor.zeros(DType.values()[random.nextInt(DType.values().length)], dims));
    }

    /** A node of the other graph, on values of this one. */
    private List<NodeDef> foreign(GraphDef graph, GraphDef other) {
        if (other.nodes().isEmpty()) {
            return List.of();
        }
        NodeDef node = other.nodes().get(random.nextInt(other.nodes().size()));
        List<String> inputs = node.inputs().stream().map(input -> name(graph)).toList();
        List<String> outputs =
                node.outputs().stream().map(output -> "f" + random.nextInt()).toList();
        return List.of(new NodeDef("", node.domain(), node.opType(), "", inputs, outputs, node.attributes()));
    }

    private NodeDef node(NodeDef node, GraphDef graph, GraphDef other) {
        List<String> inputs = new ArrayList<>(node.inputs());
        List<String> outputs = new ArrayList<>(node.outputs());
        Map<String, Attribute> attributes = new TreeMap<>(node.attributes());
        String type = node.opType();
        String domain = node.domain();
        switch (random.nextInt(8)) {
            case 0 -> replace(inputs, input -> random.nextInt(6) == 0 ? "" : name(graph));
            case 1 -> inputs.add(name(graph));
            case 2 -> {
                if (!inputs.isEmpty()) {
                    inputs.remove(random.nextInt(inputs.size()));
                }
            }
            case 3 -> outputs.add("extra" + random.nextInt());
            case 4 -> {
                if (!other.nodes().isEmpty()) {
                    NodeDef source =
                            other.nodes().get(random.nextInt(other.nodes().size()));
                    type = source.opType();
                    domain = source.domain();
                    attributes.putAll(source.attributes());
                }
            }
            case 5 ->
                attributes.keySet().stream()
                        .skip(random.nextInt(attributes.size() + 1))
                        .findFirst()
                        .ifPresent(attributes::remove);
            default -> attributes.replaceAll((key, value) -> random.nextBoolean() ? value : attribute(value));
        }
        return new NodeDef(node.name(), domain, type, node.overload(), inputs, outputs, attributes);
    }

    private Attribute attribute(Attribute value) {
        if (value instanceof Attribute.OfInt) {
            return new Attribute.OfInt(number());
        } else if (value instanceof Attribute.OfInts ints) {
            long[] values = ints.values();
            if (random.nextInt(3) == 0) {
                values = Arrays.copyOf(values, random.nextInt(values.length + 3));
            }
            if (values.length > 0) {
                values[random.nextInt(values.length)] = number();
            }
            return new Attribute.OfInts(values);
        } else if (value instanceof Attribute.OfFloat) {
            return new Attribute.OfFloat(FLOATS[random.nextInt(FLOATS.length)]);
        } else if (value instanceof Attribute.OfString string) {
            return new Attribute.OfString(random.nextBoolean() ? "" : string.value() + "x");
        } else if (value instanceof Attribute.OfTensor tensor) {
            return new Attribute.OfTensor(constant(tensor.value()));
        }
        return new Attribute.OfInt(number());
    }

    private long number() {
        return random.nextInt(4) == 0 ? random.nextInt(40) - 20 : NUMBERS[random.nextInt(NUMBERS.length)];
    }

    /** A value of the graph. */
    private String name(GraphDef graph) {
        List<String> names = new ArrayList<>();
        graph.inputs().forEach(input -> names.add(input.name()));
        graph.initializers().forEach(constant -> names.add(constant.name()));
        graph.nodes().forEach(node -> names.addAll(node.outputs()));
        return names.isEmpty() ? "x" : names.get(random.nextInt(names.size()));
    }
}
