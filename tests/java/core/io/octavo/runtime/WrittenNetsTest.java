package io.octavo.runtime;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.onnx.RoundTrip;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Quantized networks come back from a file as they went. */
class WrittenNetsTest {
    private final Nets nets = new Nets(11);

    @Test
    void theNetworkOfTheDemoComesBack() {
        RoundTrip.assertNodesComeBack(nets.demo(), Map.of("input", nets.floats(-1, 1, 2, 3, 32, 32)));
    }

    @Test
    void everyQuantizedOperatorComesBack() {
        RoundTrip.assertNodesComeBack(nets.everything(), Map.of("input", nets.floats(-1, 1, 3, 4, 11, 9)));
    }

    /** Groups run in linear layers alone; a file has them in all. */
    @Test
    void groupsAndTheirTablesComeBack() {
        Granularity groups = Granularity.perGroup(32);
        for (Scheme scheme :
                List.of(Uniform.weights(4), Uniform.weights(7), KMeans.of(3), Logarithmic.base2(4), KMeans.of(8))) {
            Graph.Builder g = Graph.builder("groups");
            g.input("x", DType.F32, Shape.ofBatch(80));
            g.input("y", DType.F32, Shape.ofBatch(3, 64));
            g.node("q", new Op.Quantize(), List.of("x"), Nets.u8(0.02f, 120));
            String w = g.constant("w", scheme.quantize(nets.floats(-1, 1, 5, 80), groups));
            Op linear = new Op.Linear(Activation.RELU);
            g.node("on codes", linear, List.of("q", w, nets.bias(g, "b", 5)), Nets.u8(0.05f, 10));
            g.node("real", new Op.Dequantize(), List.of("on codes"));
            g.node("of real numbers", new Op.Linear(), List.of("x", w));
            g.node("to real numbers", new Op.Linear(), List.of("q", w));
            String v = g.constant("v", scheme.quantize(nets.floats(-1, 1, 6, 64), groups));
            g.node("of rows", new Op.Linear(), List.of("y", v, nets.bias(g, "c", 6)));
            for (String output : List.of("real", "of real numbers", "to real numbers", "of rows")) {
                g.output(output);
            }
            Map<String, Tensor> inputs = Map.of("x", nets.floats(-2, 2, 3, 80), "y", nets.floats(-2, 2, 3, 3, 64));
            RoundTrip.assertNodesComeBack(g.build(), inputs);
            Graph.Builder conv = Graph.builder("groups of a convolution");
            conv.input("x", DType.F32, Shape.ofBatch(5, 7, 7));
            conv.node("q", new Op.Quantize(), List.of("x"), Nets.u8(0.02f, 120));
            conv.constant("w", scheme.quantize(nets.floats(-1, 1, 4, 5, 3, 3), groups));
            conv.node("c", new Op.Conv2d(Window.of(3)), List.of("q", "w"), Nets.u8(0.05f, 10));
            RoundTrip.assertNodesComeBack(conv.output("c").build(), Map.of());
        }
    }
}
