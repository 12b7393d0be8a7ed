package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import java.util.List;

/**
 * Batch normalization of images by channel (Ioffe and Szegedy, 2015), {@code [N, C, H, W] -> [N, C, H, W]}. Begins with weight
 * 1, bias 0, running mean 0 and running variance 1; epsilon is 1e-5 and momentum 0.1 unless said otherwise. A graph that is run
 * uses the running statistics; training moves them.
 */
public final class BatchNorm2d implements Layer {
    private final int channels;
    private final Op.BatchNorm op;

    private BatchNorm2d(int channels, Op.BatchNorm op) {
        this.channels = LayerChecks.positive("BatchNorm2d", "number of channels", channels);
        this.op = op;
    }

    /** With PyTorch's defaults. */
    public BatchNorm2d(int channels) {
        this(channels, new Op.BatchNorm());
    }

    /** With another number added to variances before the root. */
    public BatchNorm2d epsilon(float epsilon) {
        return new BatchNorm2d(channels, new Op.BatchNorm(epsilon, op.momentum()));
    }

    /** With another share, in 0..1, of the batch in the running statistics. */
    public BatchNorm2d momentum(float momentum) {
        return new BatchNorm2d(channels, new Op.BatchNorm(op.epsilon(), momentum));
    }

    @Override
    public String kind() {
        return "bn";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        LayerChecks.images(graph, name, "BatchNorm2d", input, channels);
        return graph.node(
                name,
                op,
                List.of(
                        input,
                        graph.constant(name + ".weight", init.constant(channels, 1)),
                        graph.constant(name + ".bias", init.constant(channels, 0)),
                        graph.constant(name + ".running_mean", init.constant(channels, 0)),
                        graph.constant(name + ".running_var", init.constant(channels, 1))));
    }
}
