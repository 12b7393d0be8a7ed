package io.octavo.quantize;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.observe.MinMaxObserver;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A random float network with branches, shared inputs and weights, several inputs and outputs, and a random mapping. All numbers
 * are small multiples of powers of two, and what is averaged is a power of two in number, so that sums in float32 are exact in any
 * order: the parts that stay float have one right result.
 */
final class RandomNet {
    static final QConfig Q =
            new QConfig(MinMaxObserver::new, Uniform.activations(8), Uniform.weights(8), Granularity.perChannel(0));
    static final QConfig REDUCED =
            Q.withActivation(MinMaxObserver::new, Uniform.activations(8).reduceRange(true));
    static final QConfig SIGNED = Q.withActivation(MinMaxObserver::new, new Uniform(8, DType.S8, false, false));
    static final QConfig FOUR = Q.withWeight(Uniform.weights(4), Granularity.perChannel(0));
    static final QConfig TENSOR = Q.withWeight(Uniform.weights(8), Granularity.perTensor());
    static final QConfig WEIGHT_ONLY = QConfig.weightOnly(Uniform.weights(4), Granularity.perChannel(0));

    private final SplittableRandom random;
    private final Graph.Builder builder = Graph.builder("random");
    private final List<String> values = new ArrayList<>();
    private final Map<String, String> weights = new LinkedHashMap<>(); // by shape, the last one
    private int products;

    final Graph graph;
    final QConfigMapping mapping;
    final Map<String, Tensor> inputs = new LinkedHashMap<>();

    RandomNet(long seed) {
        random = new SplittableRandom(seed);
        int count = 1 + random.nextInt(2);
        for (int i = 0; i < count; i++) {
            int size = 4 << random.nextInt(2);
            values.add(builder.input("x" + i, DType.F32, Shape.ofBatch(1 + random.nextInt(4), size, size)));
        }
        int nodes = 4 + random.nextInt(12);
        for (int i = 0; i < nodes; i++) {
            grow("n" + random.nextInt(100) + "." + i);
        }
        Set<String> computed = new HashSet<>(values.subList(count, values.size()));
        if (computed.isEmpty()) {
            values.add(clamp("only", values.get(0)));
            computed.add("only");
        }
        Graph draft = builder.output(values.get(values.size() - 1)).build();
        for (String value : values) {
            boolean unread = draft.consumers(value).isEmpty() || random.nextInt(12) == 0;
            if (computed.contains(value) && unread && !draft.isOutput(value)) {
                builder.output(value);
            }
        }
        graph = builder.build();
        mapping = mapping();
        int batch = 1 + random.nextInt(3);
        for (Value input : graph.inputs()) {
            inputs.put(input.name(), eighths(16, input.shape().withBatch(batch).dims()));
        }
    }

    /** The same network with its nodes in another order in which they can run. */
    Graph reordered(long seed) {
        SplittableRandom order = new SplittableRandom(seed);
        Graph.Builder changed = Graph.builder("reordered");
        Set<String> known = new HashSet<>();
        for (Value value : graph.values()) {
            if (graph.producer(value.name()).isEmpty()) {
                changed.add(value);
                known.add(value.name());
            }
        }
        known.add("");
        List<Node> left = new ArrayList<>(graph.nodes());
        while (!left.isEmpty()) {
            List<Node> ready = left.stream()
                    .filter(node -> known.containsAll(node.inputs()))
                    .toList();
            Node next = ready.get(order.nextInt(ready.size()));
            changed.node(next, null);
            known.add(next.output());
            left.remove(next);
        }
        graph.outputs().forEach(output -> changed.output(output.name()));
        return changed.build();
    }

    private QConfigMapping mapping() {
        QConfig[] choices = {Q, Q, REDUCED, SIGNED, FOUR, TENSOR, WEIGHT_ONLY, null};
        QConfigMapping made = QConfigMapping.global(random.nextInt(8) == 0 ? null : Q);
        int most = random.nextInt(3) == 0 ? 0 : 3;
        for (Node node : graph.nodes()) {
            boolean own =
                    node.op() instanceof Op.Conv2d || node.op() instanceof Op.Linear || node.op() instanceof Op.Add;
            boolean pool = node.op() instanceof Op.MaxPool2d || node.op() instanceof Op.Flatten;
            if (own && random.nextInt(10) < most) {
                made = made.layer(node.name(), choices[random.nextInt(choices.length)]);
            } else if (pool && random.nextInt(10) < most - 2) {
                made = made.layer(node.name(), null);
            }
        }
        return random.nextInt(10) == 0 && graph.nodes().stream().anyMatch(node -> node.op() instanceof Op.Add)
                ? made.type("Add", null)
                : made;
    }

    private void grow(String name) {
        String x = values.get(random.nextInt(values.size()));
        Shape shape = builder.value(x).shape();
        boolean image = shape.rank() == 4;
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> product(name, x, image);
            case 3 -> values.add(clamp(name, x));
            case 4, 5 -> sum(name, x);
            case 6 -> {
                if (image && shape.dim(2) > 1) {
                    Window window = Window.of(2).stride(1 + random.nextInt(2));
                    values.add(builder.node(name, new Op.MaxPool2d(window, random.nextBoolean()), List.of(x)));
                }
            }
            case 7 -> average(name, x, image);
            case 8 -> {
                if (image) {
                    values.add(builder.node(name, new Op.Flatten(), List.of(x)));
                }
            }
            case 9 -> values.add(norm(name, x, (int) shape.dim(1)));
            case 10 -> values.add(clamp(name, builder.node(name + ".drop", new Op.Dropout(0.5f), List.of(x))));
            default -> {
                if (!image && random.nextInt(3) == 0) {
                    builder.node(name, new Op.Softmax(), List.of(x));
                    builder.output(name);
                }
            }
        }
    }

    private void product(String name, String x, boolean image) {
        if (products++ > 5) {
            return;
        }
        Shape shape = builder.value(x).shape();
        int channels = (int) shape.dim(1);
        String result;
        if (image) {
            boolean deep = random.nextInt(4) == 0;
            int kernel = random.nextBoolean() ? 3 : 1;
            int out = deep ? channels : 1 + random.nextInt(5);
            Window window = Window.of(kernel).padding(kernel / 2);
            Op op = new Op.Conv2d(window, deep ? channels : 1, Activation.NONE);
            result = builder.node(name, op, layer(name, x, out, deep ? 1 : channels, kernel, kernel));
        } else {
            result = builder.node(name, new Op.Linear(), layer(name, x, 1 + random.nextInt(5), channels));
        }
        if (random.nextInt(3) == 0) {
            result = norm(
                    name + ".bn", result, (int) builder.value(result).shape().dim(1));
        }
        values.add(random.nextBoolean() ? clamp(name + ".act", result) : result);
    }

    private List<String> layer(String name, String x, int out, int... inner) {
        long[] dims = new long[inner.length + 1];
        dims[0] = out;
        int perOutput = 1;
        for (int i = 0; i < inner.length; i++) {
            dims[i + 1] = inner[i];
            perOutput *= inner[i];
        }
        String key = Shape.of(dims).toString();
        if (!weights.containsKey(key) || random.nextInt(3) > 0) {
            // Few that are not 0, so that sums stay short; the greatest of each is 7/4, which 4 bits take in steps of
            // 1/4.
            Tensor w = Tensor.zeros(DType.F32, dims);
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < 2; i++) {
                    w.floats().put(o * perOutput + random.nextInt(perOutput), (random.nextInt(15) - 7) / 4f);
                }
                w.floats().put(o * perOutput + random.nextInt(perOutput), random.nextBoolean() ? 1.75f : -1.75f);
            }
            weights.put(key, builder.constant(name + ".weight", w));
        }
        return random.nextBoolean()
                ? List.of(x, weights.get(key))
                : List.of(x, weights.get(key), builder.constant(name + ".bias", eighths(8, out)));
    }

    private String norm(String name, String x, int channels) {
        Tensor gamma = Tensor.zeros(DType.F32, channels);
        Tensor variance = Tensor.zeros(DType.F32, channels);
        for (int c = 0; c < channels; c++) {
            gamma.floats().put(c, new float[] {1, -1, 0.5f, 2}[random.nextInt(4)]);
            variance.floats().put(c, 1 - 0x1p-10f);
        }
        return builder.node(
                name,
                new Op.BatchNorm(0x1p-10f, 0.1f),
                List.of(
                        x,
                        builder.constant(name + ".gamma", gamma),
                        builder.constant(name + ".beta", eighths(8, channels)),
                        builder.constant(name + ".mean", eighths(8, channels)),
                        builder.constant(name + ".var", variance)));
    }

    private String clamp(String name, String x) {
        Activation[] choices = {Activation.RELU, Activation.RELU, Activation.RELU6, Activation.clamp(-0.5f, 1.25f)};
        return builder.node(name, new Op.Clamp(choices[random.nextInt(choices.length)]), List.of(x));
    }

    private void sum(String name, String x) {
        Shape shape = builder.value(x).shape();
        List<String> alike = values.stream()
                .filter(value -> builder.value(value).shape().equals(shape))
                .toList();
        String other = alike.get(random.nextInt(alike.size()));
        String sum = builder.node(name, new Op.Add(), List.of(x, other));
        values.add(random.nextBoolean() ? clamp(name + ".act", sum) : sum);
    }

    private void average(String name, String x, boolean image) {
        if (!image || Long.bitCount(builder.value(x).shape().dim(2)) != 1) {
            return;
        }
        boolean global = builder.value(x).shape().dim(2) == 1 || random.nextBoolean();
        Op op = global
                ? new Op.AdaptiveAvgPool2d(1, 1)
                : new Op.AvgPool2d(Window.of(2).stride(2), false, true);
        values.add(builder.node(name, op, List.of(x)));
    }

    private Tensor eighths(int most, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (random.nextInt(2 * most + 1) - most) / 8f);
        }
        return tensor;
    }
}
