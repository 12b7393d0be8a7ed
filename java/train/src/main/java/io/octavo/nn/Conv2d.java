package io.octavo.nn;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import java.util.List;

/**
 * Convolution, {@code [N, in, H, W] -> [N, out, oh, ow]}, as PyTorch's {@code Conv2d}: weight {@code [out, in / groups, kh, kw]},
 * a bias unless {@link #bias} says no, step 1, no padding, dense and in one group unless said otherwise.
 */
public final class Conv2d implements Layer {
    private final int in;
    private final int out;
    private final Window window;
    private final int groups;
    private final boolean bias;

    private Conv2d(int in, int out, Window window, int groups, boolean bias) {
        this.in = LayerChecks.positive("Conv2d", "number of input channels", in);
        this.out = LayerChecks.positive("Conv2d", "number of output channels", out);
        this.window = window;
        this.groups = LayerChecks.positive("Conv2d", "number of groups", groups);
        this.bias = bias;
        if (in % groups != 0 || out % groups != 0) {
            throw new InvalidValueException("Conv2d: " + groups + " groups must divide the " + in
                    + " input channels and the " + out + " output channels");
        }
    }

    /** A square kernel. */
    public Conv2d(int in, int out, int kernel) {
        this(in, out, Window.of(kernel), 1, true);
    }

    /** A kernel of given height and width. */
    public Conv2d(int in, int out, int kernelH, int kernelW) {
        this(in, out, Window.of(kernelH, kernelW), 1, true);
    }

    /** With a step in both directions. */
    public Conv2d stride(int stride) {
        return with(window.stride(stride));
    }

    /** With zeros around the image on all sides. */
    public Conv2d padding(int padding) {
        return with(window.padding(padding));
    }

    /** With zeros: {@code h} rows above and below, {@code w} columns left and right. */
    public Conv2d padding(int h, int w) {
        return with(window.padding(h, w));
    }

    /** With a distance between taps; 1 is dense. */
    public Conv2d dilation(int dilation) {
        return with(window.dilation(dilation));
    }

    /** With any window of the same kernel. */
    public Conv2d with(Window window) {
        return new Conv2d(in, out, window, groups, bias);
    }

    /** In groups, which must divide both numbers of channels. */
    public Conv2d groups(int groups) {
        return new Conv2d(in, out, window, groups, bias);
    }

    /** With a bias or without. */
    public Conv2d bias(boolean bias) {
        return new Conv2d(in, out, window, groups, bias);
    }

    @Override
    public String kind() {
        return "conv";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        LayerChecks.images(graph, name, "Conv2d", input, in);
        Shape shape = Shape.of(out, in / groups, window.kernelH(), window.kernelW());
        String weight = graph.constant(name + ".weight", init.weight(shape));
        Op op = new Op.Conv2d(window, groups, Activation.NONE);
        return graph.node(
                name,
                op,
                bias
                        ? List.of(
                                input,
                                weight,
                                graph.constant(name + ".bias", init.bias(out, shape.elementsPerSample())))
                        : List.of(input, weight));
    }
}
