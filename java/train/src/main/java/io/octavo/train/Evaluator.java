package io.octavo.train;

import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.data.Batch;
import io.octavo.graph.Graph;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Iterator;

/** Measures a classifier, float or quantized, on labelled images. */
public final class Evaluator {
    private Evaluator() {}

    /** {@link #evaluate(Session, Iterable)} of a graph, with a session made for it. */
    public static Evaluation evaluate(Graph graph, Iterable<Batch> batches) {
        try (Session session = Session.of(graph)) {
            return evaluate(session, batches);
        }
    }

    /**
     * Runs all batches, the last partial one included.
     *
     * @param session of a graph with one output of float logits {@code [N, classes]}
     * @throws InvalidValueException if there is no image, or a label is no class of the network
     * @throws ShapeMismatchException if the images or the output do not fit
     */
    public static Evaluation evaluate(Session session, Iterable<Batch> batches) {
        Shape output = session.graph().outputs().get(0).shape();
        if (session.graph().outputs().size() != 1 || output.rank() != 2) {
            throw new ShapeMismatchException("Graph '" + session.graph().name() + "' gives "
                    + session.graph().outputs() + ": top-1 is measured on one output [N, classes]");
        }
        int classes = (int) output.dim(1);
        long start = System.nanoTime();
        long images = 0;
        long correct = 0;
        double loss = 0;
        Tensor logits = null;
        Iterator<Batch> iterator = batches.iterator();
        try {
            while (iterator.hasNext()) {
                Batch batch = iterator.next();
                if (logits == null || logits.shape().dim(0) != batch.size()) {
                    logits = Tensor.zeros(DType.F32, Shape.of(batch.size(), classes));
                }
                session.run(batch.images(), logits);
                float[] rows = logits.toFloatArray();
                int[] labels = batch.labels().toIntArray();
                for (int i = 0; i < labels.length; i++) {
                    if (labels[i] < 0 || labels[i] >= classes) {
                        throw new InvalidValueException("Label " + labels[i] + " of image " + (images + i)
                                + ": the network knows classes 0.." + (classes - 1));
                    }
                    correct += largest(rows, i * classes, classes) == labels[i] ? 1 : 0;
                    loss += CrossEntropyLoss.of(rows, i * classes, classes, labels[i]);
                }
                images += labels.length;
            }
        } finally {
            close(iterator);
        }
        if (images == 0) {
            throw new InvalidValueException("There is no image to evaluate on");
        }
        double seconds = Math.max(System.nanoTime() - start, 1) / 1e9;
        return new Evaluation(100.0 * correct / images, loss / images, images, images / seconds);
    }

    private static int largest(float[] rows, int from, int classes) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            if (rows[from + c] > rows[from + best]) {
                best = c;
            }
        }
        return best;
    }

    private static void close(Iterator<Batch> iterator) {
        if (iterator instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new OctavoException("closing the batches failed: " + e.getMessage(), e);
            }
        }
    }
}
