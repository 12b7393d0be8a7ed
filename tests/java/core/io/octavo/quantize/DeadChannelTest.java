package io.octavo.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.qconfig.QConfig;
import io.octavo.runtime.Session;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weight decay brings whole channels down to next to nothing: what is left of them is their bias. */
class DeadChannelTest {
    private static final int INPUTS = 16;

    @ParameterizedTest
    @ValueSource(floats = {1e-20f, 1e-36f, 1e-44f})
    void theOutputOfADeadChannelIsItsBias(float magnitude) {
        Random random = new Random(1);
        Tensor w = Tensor.zeros(DType.F32, 4, INPUTS);
        for (int i = 0; i < 4 * INPUTS; i++) {
            boolean dead = i / INPUTS == 1;
            w.floats().put(i, dead ? magnitude * (i % 2 == 0 ? 1 : -0.7f) : random.nextFloat() * 2 - 1);
        }
        Tensor x = Tensor.zeros(DType.F32, 8, INPUTS);
        for (int i = 0; i < 8 * INPUTS; i++) {
            x.floats().put(i, random.nextFloat() * 2 - 1);
        }
        Graph.Builder builder = Graph.builder("dead");
        String input = builder.input("input", DType.F32, Shape.of(Shape.N, INPUTS));
        List<String> operands =
                List.of(input, builder.constant("w", w), builder.constant("b", Tensor.of(new float[] {0, 0.5f, 0, 0})));
        Graph graph = builder.output(builder.node("linear", new Op.Linear(), operands))
                .build();
        for (Scheme scheme : List.of(
                Uniform.weights(8),
                Uniform.weights(4),
                Clipping.weights(4),
                Clipping.weights(4).range(Clipping.Range.ACIQ),
                KMeans.of(4),
                KMeans.of(8),
                Logarithmic.base2(4),
                Logarithmic.baseSqrt2(4))) {
            Prepared prepared = Quantization.prepare(
                    graph, QConfig.getDefault("fbgemm").withWeight(scheme, Granularity.perChannel(0)));
            try (Calibrator calibrator = new Calibrator(prepared)) {
                calibrator.observe(x);
                try (Session session = Session.of(Quantization.convert(prepared, calibrator.result()))) {
                    float[] y = session.run(x).toFloatArray();
                    for (int row = 0; row < 8; row++) {
                        // Outputs reach to some 4 at most, in 127 steps.
                        assertEquals(0.5f, y[4 * row + 1], 0.05f, scheme.toString());
                    }
                }
            }
        }
    }
}
