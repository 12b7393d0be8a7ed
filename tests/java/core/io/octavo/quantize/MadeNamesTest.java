package io.octavo.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A network whose names are those that a conversion would give to what it makes is converted like any other. */
class MadeNamesTest {
    private static final Random RANDOM = new Random(3);
    private static final Tensor W = random(8, 8);
    private static final Tensor X = random(5, 8);

    @Test
    void namesOfTheNetworkAreLeftToIt() {
        float[] expected = run(name -> name);
        List<UnaryOperator<String>> hostile = List.of(
                name -> switch (name) {
                    case "a" -> "x.q";
                    case "b" -> "y.q";
                    case "w1" -> "x.q_";
                    default -> name;
                },
                name -> switch (name) {
                    case "a" -> "a";
                    case "b" -> "a.q";
                    case "c" -> "a.float";
                    case "w1" -> "y.q";
                    case "w2" -> "y.q_";
                    case "first" -> "x.quantize";
                    case "second" -> "y.dequantize";
                    case "third" -> "a.dequantize";
                    default -> name;
                },
                name -> switch (name) {
                    case "first" -> "x.quantize_";
                    case "second" -> "x.quantize";
                    case "third" -> "b.dequantize";
                    case "c" -> "b.float";
                    default -> name;
                });
        for (UnaryOperator<String> names : hostile) {
            assertArrayEquals(expected, run(names));
        }
    }

    /** x -> first -> a -> second -> b, float: third -> c -> fourth -> y; outputs y and a. */
    private static float[] run(UnaryOperator<String> names) {
        Graph.Builder builder = Graph.builder("names");
        String x = builder.input("x", DType.F32, Shape.of(Shape.N, 8));
        String w1 = builder.constant(names.apply("w1"), W);
        String w2 = builder.constant(names.apply("w2"), W);
        String a = linear(builder, names, "first", x, w1, "a");
        String b = linear(builder, names, "second", a, w2, "b");
        String c = linear(builder, names, "third", b, w1, "c");
        String y = linear(builder, names, "fourth", c, w2, "y");
        Graph graph = builder.output(y).output(a).build();
        QConfigMapping mapping =
                QConfigMapping.global(QConfig.getDefault("fbgemm")).layer(names.apply("third"), null);
        Prepared prepared = Quantization.prepare(graph, mapping);
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(X);
            Graph converted = Quantization.convert(prepared, calibrator.result());
            assertEquals(
                    converted.nodes().size(),
                    converted.nodes().stream().map(Node::name).distinct().count());
            try (Session session = Session.of(converted)) {
                return session.run(java.util.Map.of("x", X))
                        .values()
                        .iterator()
                        .next()
                        .toFloatArray();
            }
        }
    }

    private static String linear(
            Graph.Builder builder, UnaryOperator<String> names, String node, String x, String w, String y) {
        return builder.node(new Node(names.apply(node), new Op.Linear(), List.of(x, w), List.of(names.apply(y))), null);
    }

    private static Tensor random(int rows, int columns) {
        Tensor x = Tensor.zeros(DType.F32, rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            x.floats().put(i, RANDOM.nextFloat() * 2 - 1);
        }
        return x;
    }
}
