package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.Graph;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs come back from a file as they went. */
class OnnxWriteTest {
    @Test
    void everyOperatorHasARow() {
        assertEquals(Set.of(), Exports.TABLE.missing());
    }

    static List<String> kinds() {
        return Samples.kinds();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void operatorsComeBack(String kind) {
        Samples.Sample sample = Samples.of(kind, 3);
        Graph read = RoundTrip.assertComesBack(sample.graph());
        if (!Samples.NOT_RUN.contains(kind)) {
            double tolerance = Samples.DECOMPOSED.contains(kind) ? 1e-6 : 0;
            RoundTrip.assertRunsTheSame(RoundTrip.simple(sample.graph()), read, sample.inputs(), tolerance);
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void randomGraphsComeBack(@ForAll long seed) {
        Samples.Sample sample = Samples.random(seed);
        RoundTrip.assertRunsTheSame(
                RoundTrip.simple(sample.graph()), RoundTrip.assertComesBack(sample.graph()), sample.inputs(), 0);
    }
}
