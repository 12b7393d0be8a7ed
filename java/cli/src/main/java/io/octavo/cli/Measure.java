package io.octavo.cli;

import io.octavo.graph.Graph;
import io.octavo.runtime.Session;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
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

    /** Median times of a run of two sessions on the same tensors, in nanoseconds; taken by turns, so that both see the same machine. */
    static double[] medianNanos(Session one, Session other, List<Tensor> inputs) {
        List<Timed> timed = List.of(new Timed(one, inputs), new Timed(other, inputs));
        for (int i = 0; i < REPETITIONS; i++) {
            timed.forEach(Timed::repeat);
        }
        return timed.stream().mapToDouble(Timed::median).toArray();
    }

    private static double medianNanos(Session session, Tensor input) {
        Timed timed = new Timed(session, List.of(input));
        for (int i = 0; i < REPETITIONS; i++) {
            timed.repeat();
        }
        return timed.median();
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

    /** Runs of a session on bound tensors, so many at a time that the clock's steps do not count. */
    private static final class Timed {
        private final Session.Binding binding;
        private final List<Double> times = new ArrayList<>();
        private int runs = 1;

        Timed(Session session, List<Tensor> inputs) {
            binding = session.bind(inputs, session.run(inputs));
            while (time() < REPETITION_NANOS && runs < 1 << 20) {
                runs *= 2;
            }
        }

        void repeat() {
            times.add((double) time() / runs);
        }

        double median() {
            return times.stream().sorted().toList().get(times.size() / 2);
        }

        private long time() {
            long start = System.nanoTime();
            for (int i = 0; i < runs; i++) {
                binding.run();
            }
            return System.nanoTime() - start;
        }
    }
}
