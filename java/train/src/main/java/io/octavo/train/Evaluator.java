package io.octavo.train;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.data.Labelled;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.util.List;

/** Measures a classifier, float or quantized, on labelled images. */
public final class Evaluator {
    private Evaluator() {}

    /** {@link #evaluate(Session, Iterable)} of a graph, with a session made for it. */
    public static Evaluation evaluate(Graph graph, Iterable<? extends Labelled> batches) {
        try (Session session = Session.of(graph)) {
            return evaluate(session, batches);
        }
    }

    /**
     * Runs all batches, the last partial one included, and closes their iterator if it can be closed.
     *
     * @param session of a graph with one output of float logits {@code [N, classes]}
     * @throws InvalidValueException if there is no image, or a label is no class of the network
     * @throws ShapeMismatchException if the images or the output do not fit
     */
    public static Evaluation evaluate(Session session, Iterable<? extends Labelled> batches) {
        List<Value> outputs = session.graph().outputs();
        if (outputs.size() != 1) {
            throw new ShapeMismatchException(
                    "Graph '" + session.graph().name() + "' gives " + outputs + ": say which of them are the logits");
        }
        return evaluate(session, outputs.get(0).name(), batches);
    }

    /**
     * {@link #evaluate(Session, Iterable)} of a graph with several outputs.
     *
     * @param logits name of the output that is measured, F32 {@code [N, classes]}
     * @throws InvalidValueException if there is no such output, no image, or a label is no class of the network
     */
    public static Evaluation evaluate(Session session, String logits, Iterable<? extends Labelled> batches) {
        Scores scores = new Scores(session, logits);
        long start = System.nanoTime();
        Inputs.forEach(batches, scores::add);
        return scores.result(Math.max(System.nanoTime() - start, 1) / 1e9);
    }

    /** What was counted so far. */
    private static final class Scores {
        private final Session session;
        private final List<String> inputs;
        private final int output;
        private long images;
        private long correct;
        private long notNumbers;
        private double loss;

        Scores(Session session, String logits) {
            this.session = session;
            Graph graph = session.graph();
            inputs = graph.inputs().stream().map(Value::name).toList();
            output = graph.outputs().stream().map(Value::name).toList().indexOf(logits);
            if (output < 0) {
                throw new InvalidValueException(
                        "Graph '" + graph.name() + "' has no output '" + logits + "', but " + graph.outputs());
            }
            Value value = graph.outputs().get(output);
            if (value.dtype() != DType.F32 || value.shape().rank() != 2) {
                throw new ShapeMismatchException("Output " + value + " of graph '" + graph.name()
                        + "': top-1 is measured on float logits [N, classes]");
            }
        }

        void add(Labelled batch) {
            List<Tensor> found = session.run(batch.tensors(inputs));
            int classes = (int) found.get(output).shape().dim(1);
            float[] rows = found.get(output).toFloatArray();
            found.forEach(Tensor::close);
            int[] labels = batch.labels().toIntArray();
            if (labels.length != rows.length / classes) {
                throw new ShapeMismatchException(
                        "A batch of " + rows.length / classes + " images has " + labels.length + " labels");
            }
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] < 0 || labels[i] >= classes) {
                    throw new InvalidValueException("Label " + labels[i] + " of image " + (images + i)
                            + ": the network knows classes 0.." + (classes - 1));
                }
                int largest = largest(rows, i * classes, classes);
                correct += largest == labels[i] ? 1 : 0;
                notNumbers += largest < 0 ? 1 : 0;
                loss += CrossEntropyLoss.of(rows, i * classes, classes, labels[i]);
            }
            images += labels.length;
        }

        Evaluation result(double seconds) {
            if (images == 0) {
                throw new InvalidValueException("There is no image to evaluate on");
            }
            return new Evaluation(100.0 * correct / images, loss / images, images, notNumbers, images / seconds);
        }
    }

    /** Index of the largest number of a row, the first of equal ones; -1 if one is NaN: then none is the largest. */
    private static int largest(float[] rows, int from, int classes) {
        int best = 0;
        for (int c = 0; c < classes; c++) {
            if (Float.isNaN(rows[from + c])) {
                return -1;
            }
            if (rows[from + c] > rows[from + best]) {
                best = c;
            }
        }
        return best;
    }
}
