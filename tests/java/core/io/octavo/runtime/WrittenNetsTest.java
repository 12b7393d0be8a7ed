package io.octavo.runtime;

import io.octavo.onnx.RoundTrip;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Quantized networks come back from a file as they went. */
class WrittenNetsTest {
    private final Nets nets = new Nets(11);

    @Test
    void theNetworkOfTheDemoComesBack() {
        RoundTrip.assertCodesComeBack(nets.demo(), Map.of("input", nets.floats(-1, 1, 2, 3, 32, 32)));
    }

    @Test
    void everyQuantizedOperatorComesBack() {
        RoundTrip.assertCodesComeBack(nets.everything(), Map.of("input", nets.floats(-1, 1, 3, 4, 11, 9)));
    }
}
