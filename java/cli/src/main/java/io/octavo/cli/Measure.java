package io.octavo.cli;

import io.octavo.graph.Graph;
import io.octavo.runtime.Session;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Times a session: median of repetitions after a warm-up, the same for float and int8. */
final class Measure {
    private static final int REPETITIONS = 21;
    private static final long REPETITION_NANOS = 15_000_000;

    private Measure() {}

    /** Median time of one image through {@code graph} on one thread, in microseconds. */
    static double latencyMicros(Graph graph) {
        try (Session session = Session.builder(graph).threads(1).build()) {
            return medianNanos(session, images(graph, 1)) / 1e3;
        }
    }

    /** Images a second at {@code batch} on the process's threads, from the median time of a run. */
    static double imagesPerSecond(Graph graph, int batch) {
        try (Session session = Session.of(graph)) {
            return batch * 1e9 / medianNanos(session, images(graph, batch));
        }
    }

    private static Tensor images(Graph graph, int batch) {
        Shape shape = graph.inputs().get(0).shape().withBatch(batch);
        float[] pixels = new float[Math.toIntExact(shape.elements())];
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextDouble(-1, 1);
        }
        return Tensor.of(pixels, shape.dims());
    }

    private static double medianNanos(Session session, Tensor input) {
        Tensor output = session.run(input);
        int runs = 1;
        while (time(session, input, output, runs) < REPETITION_NANOS) {
            runs *= 2;
        }
        double[] times = new double[REPETITIONS];
        for (int i = 0; i < REPETITIONS; i++) {
            times[i] = (double) time(session, input, output, runs) / runs;
        }
        Arrays.sort(times);
        return times[REPETITIONS / 2];
    }

    private static long time(Session session, Tensor input, Tensor output, int runs) {
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            session.run(input, output);
        }
        return System.nanoTime() - start;
    }
}
