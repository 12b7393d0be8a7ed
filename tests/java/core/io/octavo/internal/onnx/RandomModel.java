package io.octavo.internal.onnx;

import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Models of random parts, all forms of them, that make no sense otherwise. */
final class RandomModel {
    private static final int DEEPEST = 3;

    private final Random random;
    private int names;

    private RandomModel(long seed) {
        random = new Random(seed);
    }

    /** The model of a number, the same each time. */
    static ModelDef of(long seed) {
        return new RandomModel(seed).model();
    }

    private ModelDef model() {
        List<FunctionDef> functions = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            functions.add(function());
        }
        return new ModelDef(
                random.nextInt(12),
                opsets(),
                new ModelDef.Producer(text(), text(), text(), random.nextInt(3) - 1),
                graph(0),
                functions,
                random.nextBoolean() ? Map.of() : Map.of("b", text(), "a", text(), "", "empty key"));
    }

    private Map<String, Long> opsets() {
        return random.nextBoolean()
                ? Map.of("", 1L + random.nextInt(24))
                : Map.of("", 13L, "com.microsoft", 1L, "ü", Long.MAX_VALUE);
    }

    private GraphDef graph(int depth) {
        List<NodeDef> nodes = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            nodes.add(node(depth));
        }
        List<TensorDef> initializers = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            initializers.add(tensor(name()));
        }
        return new GraphDef(text(), nodes, values(), values(), values(), initializers);
    }

    private FunctionDef function() {
        return new FunctionDef(
                text(),
                name(),
                text(),
                opsets(),
                List.of(name(), name()),
                List.of(name()),
                List.of(name()),
                attributes(DEEPEST),
                List.of(node(DEEPEST)),
                values());
    }

    private NodeDef node(int depth) {
        return new NodeDef(
                text(),
                random.nextBoolean() ? "" : "com.microsoft",
                name(),
                text(),
                List.of(name(), "", name()),
                random.nextBoolean() ? List.of(name()) : List.of("", name()),
                attributes(depth));
    }

    private Map<String, Attribute> attributes(int depth) {
        Map<String, Attribute> attributes = new HashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            attributes.put(name(), attribute(depth));
        }
        return attributes;
    }

    private Attribute attribute(int depth) {
        return switch (random.nextInt(depth < DEEPEST ? 13 : 11)) {
            case 0 -> new Attribute.OfInt(random.nextLong());
            case 1 -> new Attribute.OfFloat(Float.intBitsToFloat(random.nextInt()));
            case 2 -> new Attribute.OfString(text());
            case 3 -> new Attribute.OfInts(random.longs(random.nextInt(5)).toArray());
            case 4 -> new Attribute.OfFloats(1, Float.NaN, -0f, random.nextFloat());
            case 5 -> new Attribute.OfStrings(List.of(text(), "", text()));
            case 6 -> new Attribute.OfTensor(tensor(text()));
            case 7 -> new Attribute.OfTensors(List.of(tensor(""), tensor(text())));
            case 8 -> new Attribute.Reference(name(), pick(Attribute.Kind.values()));
            case 9 -> new Attribute.Opaque(Attribute.Kind.TYPE, List.of(bytes(random.nextInt(9))));
            case 10 -> new Attribute.Opaque(Attribute.Kind.SPARSE_TENSORS, List.of(bytes(3), bytes(0)));
            case 11 -> new Attribute.OfGraph(graph(depth + 1));
            default -> new Attribute.OfGraphs(List.of(graph(depth + 1), graph(depth + 1)));
        };
    }

    private List<ValueInfo> values() {
        List<ValueInfo> values = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            values.add(
                    switch (random.nextInt(4)) {
                        case 0 -> new ValueInfo(name(), ValueType.UNKNOWN);
                        case 1 -> new ValueInfo(name(), new ValueType.Other(pick(ValueType.Kind.values()), bytes(4)));
                        case 2 -> ValueInfo.of(name(), pick(ElementType.values()), null);
                        default -> ValueInfo.of(name(), pick(ElementType.values()), dims());
                    });
        }
        return values;
    }

    private List<DimDef> dims() {
        List<DimDef> dims = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            dims.add(
                    switch (random.nextInt(3)) {
                        case 0 -> DimDef.UNKNOWN;
                        case 1 -> new DimDef.Named(name());
                        default -> new DimDef.Size(random.nextInt(3) * (1L << random.nextInt(40)));
                    });
        }
        return dims;
    }

    private TensorDef tensor(String name) {
        List<Long> dims = new ArrayList<>();
        long elements = 1;
        for (int i = random.nextInt(4); i > 0; i--) {
            dims.add((long) random.nextInt(5));
            elements *= dims.get(dims.size() - 1);
        }
        ElementType type = pick(ElementType.values());
        if (type == ElementType.UNDEFINED || elements > 0 && random.nextInt(4) == 0) {
            long[] shape = {1 + random.nextInt(3), 1 + random.nextInt(3)};
            return TensorDef.of(name, Tensor.zeros(pick(DType.values()), shape));
        }
        if (type == ElementType.STRING) {
            List<String> strings = new ArrayList<>();
            for (int i = 0; i < elements; i++) {
                strings.add(text());
            }
            return new TensorDef(name, type, dims, new TensorData.Strings(strings));
        }
        return new TensorDef(name, type, dims, new TensorData.Raw(bytes((int) type.bytes(elements))));
    }

    private ByteBuffer bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** Of its own, and sometimes of characters of several bytes. */
    private String name() {
        return "n" + names++ + (random.nextInt(8) == 0 ? "ü漢😀" : "");
    }

    private String text() {
        return random.nextBoolean() ? "" : "text " + random.nextInt(5);
    }

    private <T> T pick(T[] of) {
        return of[random.nextInt(of.length)];
    }
}
