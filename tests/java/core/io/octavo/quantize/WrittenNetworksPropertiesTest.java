package io.octavo.quantize;

import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.observe.MinMaxObserver;
import io.octavo.onnx.RoundTrip;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Quantized networks come back from a file with the same codes, scales and zero points, and give the same integers. */
class WrittenNetworksPropertiesTest {
    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void networksOfMixedRecipesComeBack(@ForAll long seed) {
        RandomNet net = new RandomNet(seed);
        if (!new OwnConversion(net.graph, net.mapping).quantizesNothing()) {
            assertComesBack(net, net.mapping);
        }
    }

    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void everySchemeComesBack(@ForAll long seed) {
        RandomNet net = new RandomNet(seed);
        SplittableRandom random = new SplittableRandom(seed);
        int bits = 2 + random.nextInt(7);
        Scheme[] schemes = {
            Uniform.weights(bits),
            new Uniform(bits, DType.S8, true, false, false),
            new Uniform(bits, DType.U8, false, false, false),
            Clipping.weights(bits),
            KMeans.of(bits),
            Logarithmic.base2(bits),
            Logarithmic.baseSqrt2(bits)
        };
        Granularity granularity = random.nextBoolean() ? Granularity.perTensor() : Granularity.perChannel(0);
        int activationBits = random.nextInt(3) > 0 ? 8 : 2 + random.nextInt(7);
        QConfig qconfig = RandomNet.Q
                .withWeight(schemes[random.nextInt(schemes.length)], granularity)
                .withActivation(MinMaxObserver::new, Uniform.activations(activationBits));
        QConfigMapping mapping = QConfigMapping.global(qconfig);
        if (!new OwnConversion(net.graph, mapping).quantizesNothing()) {
            assertComesBack(net, mapping);
        }
    }

    private static void assertComesBack(RandomNet net, QConfigMapping mapping) {
        Prepared prepared = Quantization.prepare(net.graph, mapping);
        Graph graph = prepared.observed().isEmpty()
                ? Quantization.convert(prepared)
                : Quantization.convert(prepared, Quantization.calibrate(prepared, List.of(Inputs.of(net.inputs))));
        RoundTrip.assertCodesComeBack(graph, net.inputs);
    }
}
