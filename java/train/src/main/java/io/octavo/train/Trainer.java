package io.octavo.train;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.TrainingDivergedException;
import io.octavo.data.Batch;
import io.octavo.data.BatchIterator;
import io.octavo.data.DataLoader;
import io.octavo.data.Dataset;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Trains a classifier: the loss is the mean cross entropy of its logits.
 *
 * <pre>{@code
 * Graph trained = Trainer.builder(graph)
 *         .optimizer(new Sgd().momentum(0.9).weightDecay(5e-4))
 *         .schedule(Schedule.oneCycle(0.05))
 *         .epochs(15)
 *         .build()
 *         .fit(loader);
 * }</pre>
 *
 * <p>The graph that is given stays as it is. The same graph, loader, settings and number of threads give the same weights, bit for
 * bit, on the same machine.
 */
public final class Trainer {
    private final Graph graph;
    private final Optimizer optimizer;
    private final Schedule schedule;
    private final int epochs;
    private final int threads;
    private final long seed;
    private final TrainingListener listener;

    private Trainer(Builder builder) {
        this.graph = builder.graph;
        this.optimizer = builder.optimizer;
        this.schedule = builder.schedule;
        this.epochs = builder.epochs;
        this.threads = builder.threads;
        this.seed = builder.seed;
        this.listener = builder.listener;
    }

    /**
     * Starts with SGD of momentum 0.9, a constant learning rate of 0.01, one epoch, cross entropy.
     *
     * @param graph float; one input {@code [N, C, H, W]}, one output of logits {@code [N, classes]}
     */
    public static Builder builder(Graph graph) {
        return new Builder(graph);
    }

    /**
     * Trains on the loader's data, epoch by epoch.
     *
     * @return the graph with trained parameters and running statistics
     * @throws ShapeMismatchException if images or classes of the data do not fit the graph
     * @throws InvalidValueException if there is no data, or nothing to train
     * @throws io.octavo.UnsupportedException if an operator cannot be trained, such as those on quantized values
     * @throws TrainingDivergedException if the loss or a parameter is NaN or infinite
     * @throws io.octavo.NativeLibraryException if the float operators' native library is missing
     */
    public Graph fit(DataLoader loader) {
        TrainingProgram program = Autodiff.differentiate(graph, optimizer);
        check(loader);
        try (TrainingPlan plan = new TrainingPlan(program, threads)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
                epoch(plan, loader, epoch);
            }
            Set<String> learned = new LinkedHashSet<>(program.states());
            learned.retainAll(graph.constants().keySet());
            Map<String, Tensor> trained = new LinkedHashMap<>(plan.read(learned));
            trained.forEach(this::requireFinite);
            return graph.withConstants(trained);
        }
    }

    private void epoch(TrainingPlan plan, DataLoader loader, int epoch) {
        int batches = loader.batches();
        long steps = (long) epochs * batches;
        double lossSum = 0;
        long correct = 0;
        long images = 0;
        long start = System.nanoTime();
        TrainingProgress progress = null;
        try (BatchIterator iterator = loader.iterator(epoch)) {
            for (int batch = 0; iterator.hasNext(); batch++) {
                Batch data = iterator.next();
                long step = (long) epoch * batches + batch;
                double rate = schedule.learningRate(step, batches, steps);
                plan.step(data.images(), data.labels(), optimizer.hyper(rate, step), step, seed);
                double loss = plan.loss();
                if (!Double.isFinite(loss)) {
                    throw new TrainingDivergedException(
                            "The loss is " + loss + " in epoch " + epoch + ", batch " + batch + " of " + batches
                                    + ", at learning rate " + rate + ": try a lower rate. The graph is unchanged");
                }
                lossSum += loss * data.size();
                correct += plan.correct();
                images += data.size();
                double seconds = Math.max(System.nanoTime() - start, 1) / 1e9;
                progress = new TrainingProgress(
                        epoch,
                        epochs,
                        batch,
                        batches,
                        loss,
                        lossSum / images,
                        100.0 * correct / images,
                        rate,
                        images / seconds);
                listener.onBatch(progress);
            }
        }
        listener.onEpoch(progress);
    }

    private void check(DataLoader loader) {
        Dataset data = loader.dataset();
        Value input = graph.inputs().get(0);
        Value logits = graph.outputs().get(0);
        if (!input.shape().equals(Shape.ofBatch(data.imageShape().dims()))) {
            throw new ShapeMismatchException("Images of data set " + data.name() + " are " + data.imageShape()
                    + ", but input " + input + " of graph '" + graph.name() + "' takes batches of another shape");
        }
        if (logits.shape().dim(1) != data.classes()) {
            throw new ShapeMismatchException("Data set " + data.name() + " has " + data.classes()
                    + " classes, but output " + logits + " of graph '" + graph.name() + "' has "
                    + logits.shape().dim(1) + " logits");
        }
        if (loader.batches() == 0) {
            throw new InvalidValueException("The loader of data set " + data.name() + " gives no batch");
        }
    }

    private void requireFinite(String name, Tensor tensor) {
        FloatBuffer elements = tensor.floats();
        while (elements.hasRemaining()) {
            float element = elements.get();
            if (!Float.isFinite(element)) {
                throw new TrainingDivergedException("Parameter '" + name + "' holds " + element + " after epoch "
                        + (epochs - 1) + ": try a lower learning rate. The graph is unchanged");
            }
        }
    }

    /** Settings of a {@link Trainer}. */
    public static final class Builder {
        private final Graph graph;
        private Optimizer optimizer = new Sgd().momentum(0.9);
        private Schedule schedule = Schedule.constant(0.01);
        private int epochs = 1;
        private int threads;
        private long seed;
        private TrainingListener listener = TrainingListener.NONE;

        private Builder(Graph graph) {
            this.graph = graph;
        }

        /** How parameters move. */
        public Builder optimizer(Optimizer optimizer) {
            InvalidValueException.requireNonNull(optimizer, "optimizer of a trainer");
            this.optimizer = optimizer;
            return this;
        }

        /** The learning rate of each step. */
        public Builder schedule(Schedule schedule) {
            InvalidValueException.requireNonNull(schedule, "schedule of a trainer");
            this.schedule = schedule;
            return this;
        }

        /**
         * Passes over the data, at least 1.
         *
         * @throws InvalidValueException if below 1
         */
        public Builder epochs(int epochs) {
            Checks.positive("epochs", epochs);
            this.epochs = epochs;
            return this;
        }

        /**
         * Most threads of a step; 0, the default: the process's setting, which follows its CPU limit. Another number gives weights
         * that differ in the last bits, since sums are made in another order.
         *
         * @throws InvalidValueException if below 0
         */
        public Builder threads(int threads) {
            Checks.range("threads", threads, 0, 1024);
            this.threads = threads;
            return this;
        }

        /** Decides what dropout drops. The order of the images is the loader's to decide. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** Told of the course. */
        public Builder listener(TrainingListener listener) {
            InvalidValueException.requireNonNull(
                    listener, "listener of a trainer (TrainingListener.NONE takes no notice)");
            this.listener = listener;
            return this;
        }

        /** The trainer. */
        public Trainer build() {
            return new Trainer(this);
        }
    }
}
