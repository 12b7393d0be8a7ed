package io.octavo.analyze;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightComparisonTest {

    private static Graph twoLayersOfOneWeight() {
        Tensor w = Tensor.zeros(DType.F32, 8, 8);
        for (int i = 0; i < 64; i++) {
            w.floats().put(i, (float) Math.sin(i));
        }
        Graph.Builder builder = Graph.builder("shared");
        String input = builder.input("input", DType.F32, Shape.of(Shape.N, 8));
        String weight = builder.constant("w", w);
        String one = builder.node("one", new Op.Linear(), List.of(input, weight));
        return builder.output(builder.node("two", new Op.Linear(), List.of(one, weight)))
                .build();
    }

    private static QConfig weightOnly(int bits) {
        return QConfig.weightOnly(Uniform.weights(bits), Granularity.perChannel(0));
    }

    /** A weight that two layers want in different codes is compared twice, each time with the floats it was made from. */
    @Test
    void oneWeightUnderTwoSchemesIsTwoRows() {
        Graph graph = twoLayersOfOneWeight();
        QConfigMapping mapping = QConfigMapping.global(weightOnly(8)).layer("two", weightOnly(4));
        Graph quantized = Quantization.convert(Quantization.prepare(graph, mapping));
        List<WeightComparison.Layer> rows =
                WeightComparison.of(graph, quantized).layers();
        assertEquals(2, rows.size());
        for (int i = 0; i < 2; i++) {
            Tensor w = graph.value("w").data();
            double mse = Uniform.weights(i == 0 ? 8 : 4)
                    .quantize(w, Granularity.perChannel(0))
                    .error(w)
                    .mse();
            assertEquals(mse * 64, rows.get(i).error(), 1e-12);
        }
        assertTrue(rows.get(0).sqnrDb() > rows.get(1).sqnrDb() + 20, rows.toString()); // 6 dB a bit
    }

    @Test
    void aGraphThatTheCodesWereNotMadeFromIsNamed() {
        Graph graph = twoLayersOfOneWeight();
        Graph quantized = Quantization.convert(Quantization.prepare(graph, QConfigMapping.global(weightOnly(8))));
        Graph.Builder builder = Graph.builder("other");
        String input = builder.input("input", DType.F32, Shape.of(Shape.N, 8));
        Graph other = builder.output(builder.node("three", new Op.Softmax(), List.of(input)))
                .build();
        InvalidValueException e =
                assertThrows(InvalidValueException.class, () -> WeightComparison.of(other, quantized));
        assertTrue(e.getMessage().contains("weight w") && e.getMessage().contains("graph other"), e.getMessage());
        assertThrows(InvalidValueException.class, () -> WeightComparison.of(graph, graph));
    }
}
