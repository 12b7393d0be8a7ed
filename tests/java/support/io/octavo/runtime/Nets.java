package io.octavo.runtime;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Random tensors and hand-made quantized networks for tests. */
final class Nets {
    private final SplittableRandom random;

    Nets(long seed) {
        random = new SplittableRandom(seed);
    }

    Tensor floats(double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    Tensor codes(DType dtype, int low, int high, long... dims) {
        Tensor tensor = Tensor.zeros(dtype, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.bytes().put(i, (byte) random.nextInt(low, high + 1));
        }
        return tensor;
    }

    /** Batch norms with statistics as after training, so that they do something. */
    Graph withStatistics(Graph graph) {
        Map<String, Tensor> changed = new HashMap<>();
        for (Value constant : graph.constants().values()) {
            long[] dims = constant.shape().dims();
            if (constant.name().endsWith("running_var")) {
                changed.put(constant.name(), floats(0.5, 1.5, dims));
            } else if (constant.name().endsWith("running_mean")) {
                changed.put(constant.name(), floats(-0.3, 0.3, dims));
            }
        }
        return graph.withConstants(changed);
    }

    static AffineParams u8(float scale, int zeroPoint) {
        return AffineParams.perTensor(DType.U8, 8, scale, zeroPoint);
    }

    static AffineParams reduced(float scale, int zeroPoint) {
        return AffineParams.perTensor(DType.U8, 8, 0, 127, scale, zeroPoint);
    }

    static AffineParams s8(float scale, int zeroPoint) {
        return AffineParams.perTensor(DType.S8, 8, scale, zeroPoint);
    }

    /** int8 weights of random codes. */
    String weight(Graph.Builder graph, String name, boolean perChannel, long... dims) {
        int sets = perChannel ? (int) dims[0] : 1;
        float[] scales = new float[sets];
        for (int i = 0; i < sets; i++) {
            scales[i] = (float) random.nextDouble(0.002, 0.01);
        }
        AffineParams params = new AffineParams(
                DType.S8,
                8,
                -128,
                127,
                scales,
                new int[sets],
                perChannel ? Granularity.perChannel(0) : Granularity.perTensor());
        return graph.constant(name, new QuantizedTensor(Shape.of(dims), params, codes(DType.S8, -128, 127, dims)));
    }

    /** Weights of few bits, with scales for each channel or each group of consecutive weights of a channel. */
    String lowBits(Graph.Builder graph, String name, int bits, Granularity granularity, long... dims) {
        float[] scales = new float[granularity.count(Shape.of(dims))];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = (float) random.nextDouble(0.05, 0.2);
        }
        int least = -(1 << (bits - 1));
        AffineParams params =
                new AffineParams(DType.S8, bits, least, -least - 1, scales, new int[scales.length], granularity);
        Tensor codes = codes(DType.S8, least, -least - 1, dims);
        return graph.constant(name, new QuantizedTensor(Shape.of(dims), params, codes));
    }

    /** Weights of random codes with a random ascending table for each output channel. */
    String tableWeight(Graph.Builder graph, String name, int bits, long... dims) {
        int sets = (int) dims[0];
        float[] scales = new float[sets];
        byte[][] tables = new byte[sets][1 << bits];
        float[][] levels = new float[sets][1 << bits];
        for (int i = 0; i < sets; i++) {
            scales[i] = (float) random.nextDouble(0.002, 0.01);
            for (int j = 0; j < tables[i].length; j++) {
                tables[i][j] = (byte) random.nextInt(-127, 128);
            }
            java.util.Arrays.sort(tables[i]);
            for (int j = 0; j < tables[i].length; j++) {
                levels[i][j] = scales[i] * tables[i][j];
            }
        }
        TableParams params = new TableParams(bits, scales, tables, levels, Granularity.perChannel(0));
        return graph.constant(
                name, new QuantizedTensor(Shape.of(dims), params, codes(DType.U8, 0, (1 << bits) - 1, dims)));
    }

    String bias(Graph.Builder graph, String name, long size) {
        return graph.constant(name, floats(-0.5, 0.5, size));
    }

    /**
     * The demo's shape of network in int8, with weights of every kind: float image in, float logits out, two convolutions with
     * max-pool, three linear layers.
     */
    Graph demo() {
        Graph.Builder g = Graph.builder("demo-int8");
        g.input("input", DType.F32, Shape.ofBatch(3, 32, 32));
        g.node("quant", new Op.Quantize(), List.of("input"), reduced(0.0157f, 64));
        Op conv1 = new Op.Conv2d(Window.of(5).padding(2), 1, Activation.RELU);
        g.node("conv1", conv1, List.of("quant", weight(g, "w1", true, 6, 3, 5, 5)), reduced(0.03f, 0));
        g.node("pool1", new Op.MaxPool2d(Window.of(2).stride(2), false), List.of("conv1"));
        Op conv2 = new Op.Conv2d(Window.of(5), 1, Activation.RELU);
        g.node("conv2", conv2, List.of("pool1", weight(g, "w2", true, 16, 6, 5, 5)), reduced(0.06f, 0));
        g.node("pool2", new Op.MaxPool2d(Window.of(2).stride(2), false), List.of("conv2"));
        g.node("flat", new Op.Flatten(), List.of("pool2"));
        Op relu = new Op.Linear(Activation.RELU);
        g.node("fc1", relu, List.of("flat", weight(g, "w3", true, 120, 576), bias(g, "b3", 120)), reduced(0.2f, 0));
        g.node("fc2", relu, List.of("fc1", weight(g, "w4", true, 84, 120), bias(g, "b4", 84)), reduced(0.5f, 0));
        Op linear = new Op.Linear();
        g.node("fc3", linear, List.of("fc2", weight(g, "w5", true, 10, 84), bias(g, "b5", 10)), reduced(1f, 60));
        g.node("logits", new Op.Dequantize(), List.of("fc3"));
        return g.output("logits").build();
    }

    /** Every quantized operator once or more, with tables, S8 activations, groups, odd sizes and a real result. */
    Graph everything() {
        Graph.Builder g = Graph.builder("everything");
        g.input("input", DType.F32, Shape.ofBatch(4, 11, 9));
        g.node("quant", new Op.Quantize(), List.of("input"), u8(0.0157f, 127));
        Op stem = new Op.Conv2d(Window.of(3).padding(1), 1, Activation.NONE);
        g.node("stem", stem, List.of("quant", weight(g, "w1", false, 8, 4, 3, 3), bias(g, "b1", 8)), u8(0.05f, 120));
        g.node("relu", new Op.Clamp(Activation.RELU), List.of("stem"));
        Op grouped = new Op.Conv2d(Window.of(3, 5).padding(1, 2), 2, Activation.clamp(-1, 4));
        g.node(
                "grouped",
                grouped,
                List.of("relu", tableWeight(g, "w2", 4, 8, 4, 3, 5), bias(g, "b2", 8)),
                u8(0.03f, 90));
        g.node("sum", new Op.Add(Activation.RELU), List.of("grouped", "relu"), u8(0.06f, 3));
        Op deep = new Op.Conv2d(Window.of(3).stride(2).padding(1), 8, Activation.NONE);
        Op square = new Op.Conv2d(Window.of(3).padding(1), 1, Activation.RELU);
        String w6 = lowBits(g, "w6", 4, Granularity.perChannel(0), 8, 8, 3, 3);
        g.node("block", square, List.of("sum", w6, bias(g, "b6", 8), "grouped"), u8(0.09f, 11));
        g.node("depthwise", deep, List.of("block", weight(g, "w3", true, 8, 1, 3, 3)), u8(0.05f, 128));
        g.node("signed", new Op.Requantize(), List.of("depthwise"), s8(0.07f, -5));
        g.node(
                "point",
                new Op.Conv2d(Window.of(1)),
                List.of("signed", tableWeight(g, "w4", 8, 16, 8, 1, 1)),
                s8(0.05f, 9));
        g.node("pool", new Op.MaxPool2d(Window.of(3).stride(2).padding(1), true), List.of("point"));
        g.node("mean", new Op.AdaptiveAvgPool2d(1, 1), List.of("pool"));
        g.node("flat", new Op.Flatten(), List.of("mean"));
        Op linear = new Op.Linear();
        g.node("fc", linear, List.of("flat", tableWeight(g, "w5", 3, 10, 16), bias(g, "b5", 10)), s8(0.02f, 0));
        g.node("logits", new Op.Dequantize(), List.of("fc"));
        g.node("softmax", new Op.Softmax(), List.of("logits"));
        return g.output("softmax").build();
    }
}
