package io.octavo.graph;

import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * Transposed convolutions of equal strides s as ordinary ones to s·s times the channels, whose results are then laid side by side
 * (sub-pixel convolution, Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?"): result {@code q·s + r}
 * of a row is {@code Σ_u x[q - u]·w[u·s + r]}, a convolution by every s-th tap for each r. They run on integers then.
 */
final class SubPixel {
    private final Rewriting graph;
    private final Node node;
    private final Op.ConvTranspose op;
    private final int stride;
    private final int inputs; // channels of a group
    private final int outputs; // channels of a group
    private final int tapsH;
    private final int tapsW;

    private SubPixel(Rewriting graph, Node node, Op.ConvTranspose op) {
        this.graph = graph;
        this.node = node;
        this.op = op;
        Shape weight = graph.value(node.input(1)).shape();
        this.stride = op.window().strideH();
        this.inputs = (int) (weight.dim(0) / op.groups());
        this.outputs = (int) weight.dim(1);
        this.tapsH = ceil(op.window().kernelH());
        this.tapsW = ceil(op.window().kernelW());
    }

    /** The graph with ordinary convolutions for those transposed ones that are wanted, where that is possible. */
    static Graph apply(Graph graph, Predicate<Node> wanted) {
        boolean any = graph.nodes().stream().anyMatch(node -> node.op() instanceof Op.ConvTranspose);
        return any
                ? Rewriting.apply(graph, List.of((g, node) -> convolve(g, node, wanted), SubPixel::clampFirst))
                : graph;
    }

    private static boolean convolve(Rewriting graph, Node node, Predicate<Node> wanted) {
        if (!(node.op() instanceof Op.ConvTranspose op) || !wanted.test(node)) {
            return false;
        }
        Window w = op.window();
        boolean even = w.strideH() == w.strideW() && w.dilationH() == 1 && w.dilationW() == 1;
        boolean known = isKnown(graph, node.input(1)) && (node.input(2).isEmpty() || isKnown(graph, node.input(2)));
        return even && known && new SubPixel(graph, node, op).convolve();
    }

    /** Numbers that are known, or codes that stand for them with parameters for the whole tensor or for each channel of results. */
    private static boolean isKnown(Rewriting graph, String value) {
        Value codes = codes(graph, value);
        return codes == null
                ? graph.isConstant(value)
                : codes.quantization() instanceof AffineParams params
                        && (params.granularity().isPerTensor()
                                || params.granularity().isPerChannel()
                                        && params.granularity().axis()
                                                == (codes.shape().rank() == 4 ? 1 : 0));
    }

    /** The constant codes that a value is dequantized of; null: it is not. */
    private static Value codes(Rewriting graph, String value) {
        Node node = graph.producer(value);
        Value codes = node != null && node.op() instanceof Op.Dequantize ? graph.value(node.input(0)) : null;
        return codes != null && codes.isConstant() ? codes : null;
    }

    private boolean convolve() {
        Window w = op.window();
        // Whole blocks that would be cut off are not computed; what is wanted beyond the last tap is.
        int skipH = Math.min(w.padTop() / stride, tapsH - 1);
        int skipW = Math.min(w.padLeft() / stride, tapsW - 1);
        int cutTop = w.padTop() - skipH * stride;
        int cutLeft = w.padLeft() - skipW * stride;
        int restH =
                tapsH * stride - w.kernelH() + w.padBottom() - op.extraH(); // results too many below, with full padding
        int restW = tapsW * stride - w.kernelW() + w.padRight() - op.extraW();
        int lessH = Math.min(Math.floorDiv(restH, stride), tapsH - 1);
        int lessW = Math.min(Math.floorDiv(restW, stride), tapsW - 1);
        Window window = Window.of(tapsH, tapsW)
                .padding(tapsH - 1 - skipH, tapsW - 1 - skipW, tapsH - 1 - lessH, tapsW - 1 - lessW);
        int cutBottom = restH - lessH * stride;
        int cutRight = restW - lessW * stride;

        boolean cut = cutTop + cutLeft + cutBottom + cutRight > 0;
        if (stride == 1 && cut) {
            return false; // padding beyond the window
        }
        int channels = op.groups() * outputs * stride * stride;
        List<String> operands = new ArrayList<>();
        operands.add(node.input(0));
        operands.add(arranged(node.input(1), weightPlaces(), Shape.of(channels, inputs, tapsH, tapsW)));
        if (!node.input(2).isEmpty()) {
            operands.add(arranged(node.input(2), biasPlaces(), Shape.of(channels)));
        }
        Op conv = new Op.Conv2d(window, op.groups(), Activation.NONE);
        if (stride == 1) {
            return graph.replace(node, new Node(node.name(), conv, operands, node.outputs()));
        }
        graph.replace(node, conv, operands, new Movement.DepthToSpace(stride, true));
        String name = node.output();
        return !cut
                || slice(
                        graph,
                        name,
                        graph.constant(name + ".starts", Tensor.ofLongs(new long[] {cutTop, cutLeft}, 2)),
                        graph.constant(name + ".ends", Tensor.ofLongs(new long[] {end(cutBottom), end(cutRight)}, 2)),
                        graph.constant(name + ".axes", Tensor.ofLongs(new long[] {2, 3}, 2)));
    }

    /** The present node, which gives a result, gives more than is wanted of it. */
    private static boolean slice(Rewriting graph, String result, String... range) {
        Node blocks = graph.producer(result);
        List<String> operands = new ArrayList<>(List.of(range));
        operands.add(0, graph.add(result + ".blocks", blocks.op(), blocks.input(0)));
        return graph.replace(blocks, new Movement.Slice(), operands.toArray(String[]::new));
    }

    private static long end(int cut) {
        return cut == 0 ? Integer.MAX_VALUE : -cut;
    }

    private int ceil(int kernel) {
        return (kernel + stride - 1) / stride;
    }

    // ---- Weights

    /** Where each weight of the convolution, {@code [O·s·s, C/groups, tapsH, tapsW]}, lies in the transposed one's; -1: it is 0. */
    private int[] weightPlaces() {
        Window w = op.window();
        int[] places = new int[op.groups() * outputs * stride * stride * inputs * tapsH * tapsW];
        int at = 0;
        for (int o = 0; o < op.groups() * outputs; o++) {
            for (int r = 0; r < stride * stride; r++) {
                for (int c = 0; c < inputs; c++) {
                    for (int t = 0; t < tapsH * tapsW; t++) {
                        int y = (tapsH - 1 - t / tapsW) * stride + r / stride;
                        int x = (tapsW - 1 - t % tapsW) * stride + r % stride;
                        int channel = (o / outputs * inputs + c) * outputs + o % outputs;
                        boolean tap = y < w.kernelH() && x < w.kernelW();
                        places[at++] = tap ? (channel * w.kernelH() + y) * w.kernelW() + x : -1;
                    }
                }
            }
        }
        return places;
    }

    private int[] biasPlaces() {
        int[] places = new int[op.groups() * outputs * stride * stride];
        Arrays.setAll(places, i -> i / (stride * stride));
        return places;
    }

    /** A constant, or the real numbers of one of codes, with its elements at other places. */
    private String arranged(String value, int[] places, Shape shape) {
        Value codes = codes(graph, value);
        String name = value + ".phases";
        if (codes == null) {
            float[] from = graph.value(value).data().toFloatArray();
            float[] to = new float[places.length];
            for (int i = 0; i < to.length; i++) {
                to[i] = places[i] < 0 ? 0 : from[places[i]];
            }
            return graph.constant(name, Tensor.of(to, shape.dims()));
        }
        AffineParams params = (AffineParams) codes.quantization();
        int each = places.length / (int) shape.dim(0);
        Tensor data = Tensor.zeros(codes.dtype(), shape);
        int size = codes.dtype() == DType.S32 ? Integer.BYTES : 1;
        ByteBuffer from = codes.data().bytes();
        ByteBuffer to = data.bytes();
        for (int i = 0; i < places.length; i++) {
            int set = set(params, i / each);
            if (size == 1) {
                to.put(i, places[i] < 0 ? (byte) params.zeroPoint(set) : from.get(places[i]));
            } else {
                to.putInt(size * i, from.getInt(size * places[i]));
            }
        }
        QuantizedTensor moved = new QuantizedTensor(shape, forResults(params, (int) shape.dim(0)), data);
        return graph.add(name + ".real", new Op.Dequantize(), graph.constant(name, moved));
    }

    /** Which of the parameter sets of the transposed one a channel of the convolution has. */
    private int set(AffineParams params, int channel) {
        int of = channel / (stride * stride);
        return params.count() == 1 ? 0 : params.count() == outputs ? of % outputs : of;
    }

    private AffineParams forResults(AffineParams params, int channels) {
        if (params.granularity().isPerTensor()) {
            return params;
        }
        float[] scales = new float[channels];
        int[] zeroPoints = new int[channels];
        for (int i = 0; i < channels; i++) {
            scales[i] = params.scale(set(params, i));
            zeroPoints[i] = params.zeroPoint(set(params, i));
        }
        return new AffineParams(
                params.dtype(),
                params.bits(),
                params.qMin(),
                params.qMax(),
                scales,
                zeroPoints,
                Granularity.perChannel(0));
    }

    // ---- Bounds

    /** Bounds behind pixels that only move belong before them, where a convolution takes them in. */
    private static boolean clampFirst(Rewriting graph, Node clamp) {
        if (!(clamp.op() instanceof Op.Clamp)) {
            return false;
        }
        Node slice = graph.sole(clamp.input(0));
        Node blocks = slice != null && slice.op() instanceof Movement.Slice ? graph.sole(slice.input(0)) : slice;
        if (blocks == null || !(blocks.op() instanceof Movement.DepthToSpace)) {
            return false;
        }
        Node conv = graph.sole(blocks.input(0));
        if (conv == null || !(conv.op() instanceof Op.Conv2d)) {
            return false;
        }
        List<String> range = slice.inputs().subList(1, slice.inputs().size());
        graph.replace(clamp, clamp.op(), List.of(blocks.input(0)), blocks.op());
        return blocks == slice || slice(graph, clamp.output(), range.toArray(String[]::new));
    }
}
