package io.octavo.graph;

import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/**
 * Runs a graph by plain loops, the obvious way: float values in double, integer values exactly with the float32 steps of PyTorch's
 * fbgemm engine between them. What it computes is what a session must give.
 */
public final class ReferenceRunner {
    /** A row an operator. */
    static final OpTable<Step, List<double[]>> TABLE = OpTable.<Step, List<double[]>>of("the reference of graphs")
            .row(Op.Conv2d.class, (at, op) -> List.of(at.runner.product(at.node)))
            .row(Op.Linear.class, (at, op) -> List.of(at.runner.product(at.node)))
            .row(Op.BatchNorm.class, (at, op) -> List.of(at.runner.batchNorm(at.node, op.epsilon())))
            .row(Op.Clamp.class, (at, op) -> List.of(at.runner.clamp(at.node, op)))
            .row(Op.MaxPool2d.class, (at, op) -> List.of(at.runner.pool(at.node, op.window(), true, false)))
            .row(
                    Op.AvgPool2d.class,
                    (at, op) -> List.of(at.runner.pool(at.node, op.window(), false, op.countIncludePad())))
            .row(Op.AdaptiveAvgPool2d.class, (at, op) -> List.of(at.runner.adaptive(at.node)))
            .row(Op.Flatten.class, (at, op) -> List.of(at.runner.unary(at.node, x -> x)))
            .row(Op.Dropout.class, (at, op) -> List.of(at.runner.unary(at.node, x -> x)))
            .row(Op.Add.class, (at, op) -> List.of(at.runner.add(at.node, op)))
            .row(Op.Softmax.class, (at, op) -> List.of(at.runner.softmax(at.node)))
            .row(Op.Quantize.class, (at, op) -> List.of(at.runner.quantize(at.node)))
            .row(Op.Dequantize.class, (at, op) -> List.of(at.runner.dequantize(at.node)))
            .row(Op.Requantize.class, (at, op) -> List.of(at.runner.requantize(at.node)))
            .row(Op.ConvTranspose.class, (at, op) -> List.of(at.runner.transposed(at, op)))
            .row(Op.MatMul.class, (at, op) -> at.runner.general(at))
            .row(Pointwise.class, (at, op) -> at.runner.general(at))
            .row(Reduction.class, (at, op) -> at.runner.general(at))
            .row(Normalization.class, (at, op) -> at.runner.general(at))
            .row(Movement.class, (at, op) -> at.runner.general(at))
            .row(Shapes.class, (at, op) -> at.runner.general(at))
            .row(Training.class, (at, op) -> at.runner.foreign(op))
            .build();

    private final Graph graph;
    private final Map<String, double[]> results = new HashMap<>(); // real numbers, or codes where quantized
    private final Map<String, Tensor> tensors = new HashMap<>(); // of values that are not made by the loops below
    private final Map<String, Shape> shapes = new HashMap<>();

    /** A node of a run, its inputs with their shapes and its outputs. */
    record Step(ReferenceRunner runner, Node node, List<Value> inputs, List<Inference.Spec> specs) {}

    private ReferenceRunner(Graph graph) {
        this.graph = graph;
    }

    /** All values of the graph for these inputs: real numbers, or codes where quantized. */
    public static Map<String, double[]> run(Graph graph, Map<String, Tensor> inputs) {
        ReferenceRunner runner = new ReferenceRunner(graph);
        for (Value value : graph.values()) {
            Tensor data = value.isConstant() ? value.data() : inputs.get(value.name());
            if (data != null) {
                runner.put(value.name(), data);
            }
        }
        for (Node node : graph.nodes()) {
            runner.run(node);
        }
        return runner.results;
    }

    private void run(Node node) {
        List<Value> read = new ArrayList<>();
        for (String input : node.inputs()) {
            read.add(input.isEmpty() ? null : concrete(graph.value(input), tensors.get(input)));
        }
        List<Inference.Spec> specs = Inference.outputs(node, read, Map.of(), graph.resultQuantization(node));
        for (int i = 0; i < specs.size(); i++) {
            shapes.put(node.outputs().get(i), specs.get(i).shape());
        }
        List<double[]> found = TABLE.apply(new Step(this, node, read, specs), node.op());
        for (int i = 0; i < found.size(); i++) {
            results.put(node.outputs().get(i), found.get(i));
        }
    }

    private void put(String name, Tensor data) {
        tensors.put(name, data);
        results.put(name, elements(data));
        shapes.put(name, data.shape());
    }

    /** A value with the shape that it has in this run. */
    private Value concrete(Value value, Tensor data) {
        return new Value(value.name(), value.dtype(), shapes.get(value.name()), value.quantization(), data);
    }

    /** The operators that the library defines itself, each rounded to its type. */
    private List<double[]> general(Step step) {
        List<Value> constants = new ArrayList<>();
        for (Value value : step.inputs) {
            constants.add(value == null ? null : concrete(value, tensors.computeIfAbsent(value.name(), this::tensor)));
        }
        List<Tensor> found = Reference.evaluate(step.node, constants, step.specs);
        for (int i = 0; i < found.size(); i++) {
            tensors.put(step.node.outputs().get(i), found.get(i));
        }
        return found.stream().map(ReferenceRunner::elements).toList();
    }

    private Tensor tensor(String name) {
        Elements elements = new Elements(graph.value(name).dtype(), shapes.get(name));
        double[] numbers = results.get(name);
        for (int i = 0; i < numbers.length; i++) {
            if (elements.areReal()) {
                elements.set(i, numbers[i]);
            } else {
                elements.set(i, (long) numbers[i]);
            }
        }
        return elements.tensor();
    }

    private List<double[]> foreign(Op op) {
        throw new IllegalArgumentException("graphs of these tests do not hold " + op);
    }

    private static double[] elements(Tensor tensor) {
        Elements elements = Elements.of(tensor);
        double[] numbers = new double[elements.count()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = elements.areReal() ? elements.real(i) : elements.whole(i);
        }
        return numbers;
    }

    private double[] transposed(Step step, Op.ConvTranspose op) {
        long[] x = step.inputs.get(0).shape().dims();
        long[] w = step.inputs.get(1).shape().dims();
        long[] y = step.specs.get(0).shape().dims();
        double[] from = results.get(step.node.input(0));
        double[] weights = results.get(step.node.input(1));
        double[] sums = new double[(int) Shape.of(y).elements()];
        if (step.inputs.size() > 2) {
            double[] bias = results.get(step.node.input(2));
            for (int i = 0; i < sums.length; i++) {
                sums[i] = bias[(int) (i / (y[2] * y[3]) % y[1])];
            }
        }
        Places.forEach(
                Shape.of(x),
                (i, at) -> Places.forEach(Shape.of(w[1], w[2], w[3]), (tap, place) -> {
                    Window window = op.window();
                    long row = (long) at[2] * window.strideH() - window.padTop() + (long) place[1] * window.dilationH();
                    long column =
                            (long) at[3] * window.strideW() - window.padLeft() + (long) place[2] * window.dilationW();
                    if (row >= 0 && row < y[2] && column >= 0 && column < y[3]) {
                        long channel = at[1] / (x[1] / op.groups()) * w[1] + place[0];
                        long to = ((at[0] * y[1] + channel) * y[2] + row) * y[3] + column;
                        sums[(int) to] += from[i] * weights[(int) (at[1] * w[1] * w[2] * w[3] + tap)];
                    }
                }));
        return sums;
    }

    private double[] unary(Node node, DoubleUnaryOperator f) {
        double[] y = results.get(node.input(0)).clone();
        for (int i = 0; i < y.length; i++) {
            y[i] = f.applyAsDouble(y[i]);
        }
        return y;
    }

    private double[] clamp(Node node, Op.Clamp clamp) {
        AffineParams q = affine(node.input(0));
        return unary(node, x -> activate(x, clamp.activation(), q));
    }

    private double[] quantize(Node node) {
        AffineParams q = affine(node.output());
        return unary(node, x -> quantize((float) x, q));
    }

    private double[] dequantize(Node node) {
        AffineParams q = affine(node.input(0));
        return unary(node, x -> real(x, q));
    }

    private double[] requantize(Node node) {
        AffineParams from = affine(node.input(0));
        AffineParams to = affine(node.output());
        return unary(node, x -> quantize((float) real(x, from), to));
    }

    private double[] add(Node node, Op.Add add) {
        double[] a = results.get(node.input(0));
        double[] b = results.get(node.input(1));
        AffineParams aq = affine(node.input(0));
        AffineParams bq = affine(node.input(1));
        AffineParams yq = affine(node.output());
        double[] y = new double[a.length];
        for (int i = 0; i < y.length; i++) {
            if (yq == null) {
                y[i] = activate(a[i] + b[i], add.activation(), null);
            } else {
                y[i] = addCodes(
                        (int) a[i], aq, (int) b[i], bq, yq, !add.activation().isNone());
            }
        }
        return y;
    }

    /** PyTorch's addition, in the order of its vectors. */
    private static double addCodes(int a, AffineParams aq, int b, AffineParams bq, AffineParams yq, boolean relu) {
        float sum = Math.fma(aq.scale(), a, aq.scale() * -aq.zeroPoint())
                + Math.fma(bq.scale(), b, bq.scale() * -bq.zeroPoint());
        float steps = (relu ? Math.max(sum, 0) : sum) * (1 / yq.scale());
        return Math.min(Math.max(Math.rint(steps) + yq.zeroPoint(), yq.qMin()), yq.qMax());
    }

    private double[] product(Node node) {
        AffineParams xq = affine(node.input(0));
        AffineParams yq = affine(node.output());
        boolean conv = node.op() instanceof Op.Conv2d;
        Window window = conv ? ((Op.Conv2d) node.op()).window() : Window.of(1);
        int groups = conv ? ((Op.Conv2d) node.op()).groups() : 1;
        Activation activation = conv ? ((Op.Conv2d) node.op()).activation() : ((Op.Linear) node.op()).activation();
        double[] x = results.get(node.input(0));
        double[] w = results.get(node.input(1));
        double[] bias = node.input(2).isEmpty() ? null : results.get(node.input(2));
        double[] residual = node.input(3).isEmpty() ? null : results.get(node.input(3));
        int[] in = image(shapes.get(node.input(0)));
        int[] out = image(shapes.get(node.output()));
        int channels = in[1] / groups;
        int perOutput = channels * window.kernelH() * window.kernelW();
        QuantParams wq = graph.value(node.input(1)).quantization();
        double[] y = new double[out[0] * out[1] * out[2] * out[3]];
        int at = 0;
        for (int n = 0; n < out[0]; n++) {
            for (int o = 0; o < out[1]; o++) {
                int first = o / (out[1] / groups) * channels;
                for (int oh = 0; oh < out[2]; oh++) {
                    for (int ow = 0; ow < out[3]; ow++, at++) {
                        double sum = 0;
                        for (int k = 0; k < perOutput; k++) {
                            int c = first + k / (window.kernelH() * window.kernelW());
                            int ih = oh * window.strideH()
                                    - window.padTop()
                                    + k / window.kernelW() % window.kernelH() * window.dilationH();
                            int iw = ow * window.strideW()
                                    - window.padLeft()
                                    + k % window.kernelW() * window.dilationW();
                            if (ih < 0 || ih >= in[2] || iw < 0 || iw >= in[3]) {
                                continue;
                            }
                            double xi = x[((n * in[1] + c) * in[2] + ih) * in[3] + iw];
                            double wi = w[o * perOutput + k];
                            sum += xq == null
                                    ? xi * weight(wi, wq, o, k, perOutput)
                                    : (xi - xq.zeroPoint()) * code(wi, wq, set(wq, o));
                        }
                        double extra = residual == null ? 0 : residual[at];
                        if (xq == null) {
                            y[at] = activate(sum + (bias == null ? 0 : bias[o]) + extra, activation, null);
                        } else {
                            float b = 0;
                            AffineParams bq = bias == null ? null : affine(node.input(2));
                            if (bq != null && bq.scale(set(bq, o)) == xq.scale() * wq.scale(set(wq, o))) {
                                sum += bias[o];
                            } else if (bias != null) {
                                b = (float) bias[o] * (bq == null ? 1 : bq.scale(set(bq, o)));
                            }
                            AffineParams rq = residual == null ? null : affine(node.input(3));
                            y[at] = output(sum, b, xq.scale() * wq.scale(set(wq, o)), extra, rq, activation, yq, wq);
                        }
                    }
                }
            }
        }
        return y;
    }

    /** The output stage of PyTorch's fbgemm engine; a residual is added in units of the output, before rounding. */
    private static double output(
            double sum,
            float bias,
            float scale,
            double residual,
            AffineParams rq,
            Activation activation,
            AffineParams yq,
            QuantParams wq) {
        float acc = (float) sum;
        if (bias != 0) {
            acc = wq.granularity().isPerTensor() ? Math.fma(bias, 1 / scale, acc) : acc + bias / scale;
        }
        if (yq == null) {
            return activate(acc * scale, activation, null);
        }
        float steps = acc * (scale / yq.scale());
        if (rq != null) {
            steps += (float) (residual - rq.zeroPoint()) * (rq.scale() / yq.scale());
        }
        double q = Math.rint(steps) + yq.zeroPoint();
        return activate(Math.min(Math.max(q, yq.qMin()), yq.qMax()), activation, yq);
    }

    /** A weight of a float layer as a real number; {@code k} counts within its output channel. */
    private static double weight(double w, QuantParams wq, int channel, int k, int perOutput) {
        if (wq == null) {
            return w;
        }
        int group = wq.granularity().groupSize();
        int set = group == 0 ? set(wq, channel) : channel * ((perOutput + group - 1) / group) + k / group;
        return code(w, wq, set) * wq.scale(set);
    }

    /** The integer that a weight's code stands for, in units of its scale. */
    private static double code(double code, QuantParams wq, int set) {
        return wq instanceof AffineParams affine
                ? code - affine.zeroPoint(set)
                : ((TableParams) wq).table(set)[(int) code];
    }

    private static int set(QuantParams wq, int channel) {
        return wq.granularity().isPerTensor() ? 0 : channel;
    }

    private double[] pool(Node node, Window w, boolean max, boolean includePad) {
        double[] x = results.get(node.input(0));
        AffineParams q = affine(node.input(0));
        int[] in = image(shapes.get(node.input(0)));
        int[] out = image(shapes.get(node.output()));
        double[] y = new double[out[0] * out[1] * out[2] * out[3]];
        int at = 0;
        for (int plane = 0; plane < out[0] * out[1]; plane++) {
            for (int oh = 0; oh < out[2]; oh++) {
                for (int ow = 0; ow < out[3]; ow++, at++) {
                    double best = Double.NEGATIVE_INFINITY;
                    double sum = 0;
                    int valid = 0;
                    int h0 = oh * w.strideH() - w.padTop();
                    int w0 = ow * w.strideW() - w.padLeft();
                    for (int kh = 0; kh < w.kernelH(); kh++) {
                        for (int kw = 0; kw < w.kernelW(); kw++) {
                            int ih = h0 + kh * w.dilationH();
                            int iw = w0 + kw * w.dilationW();
                            if (ih >= 0 && ih < in[2] && iw >= 0 && iw < in[3]) {
                                double v = x[(plane * in[2] + ih) * in[3] + iw];
                                best = Math.max(best, v);
                                sum += q == null ? v : v - q.zeroPoint();
                                valid++;
                            }
                        }
                    }
                    if (includePad) {
                        valid = (Math.min(h0 + w.kernelH(), in[2] + w.padBottom()) - h0)
                                * (Math.min(w0 + w.kernelW(), in[3] + w.padRight()) - w0);
                    }
                    boolean group = plane % out[1] < out[1] / 16 * 16;
                    y[at] = max ? best : mean(sum, valid, q, group ? Form.SEPARATE : Form.TOGETHER);
                }
            }
        }
        return y;
    }

    private double[] adaptive(Node node) {
        double[] x = results.get(node.input(0));
        AffineParams q = affine(node.input(0));
        int[] in = image(shapes.get(node.input(0)));
        int[] out = image(shapes.get(node.output()));
        double[] y = new double[out[0] * out[1] * out[2] * out[3]];
        int at = 0;
        for (int plane = 0; plane < out[0] * out[1]; plane++) {
            for (int oh = 0; oh < out[2]; oh++) {
                for (int ow = 0; ow < out[3]; ow++, at++) {
                    double sum = 0;
                    int count = 0;
                    for (int ih = oh * in[2] / out[2]; ih < ((oh + 1) * in[2] + out[2] - 1) / out[2]; ih++) {
                        for (int iw = ow * in[3] / out[3]; iw < ((ow + 1) * in[3] + out[3] - 1) / out[3]; iw++) {
                            double v = x[(plane * in[2] + ih) * in[3] + iw];
                            sum += q == null ? v : v - q.zeroPoint();
                            count++;
                        }
                    }
                    boolean group = plane % out[1] < out[1] / 8 * 8;
                    y[at] = mean(sum, count, q, group ? Form.FUSED : Form.TOGETHER);
                }
            }
        }
        return y;
    }

    /** How a mean of codes is rounded; channels last, PyTorch takes whole vectors of channels and the rest differently. */
    private enum Form {
        SEPARATE,
        FUSED,
        TOGETHER
    }

    private static double mean(double sum, int count, AffineParams q, Form form) {
        if (q == null) {
            return sum / count;
        }
        float part = 1f / count;
        double code =
                switch (form) {
                    case SEPARATE -> Math.rint((float) sum * part) + q.zeroPoint();
                    case FUSED -> Math.rint(Math.fma((float) sum, part, (float) q.zeroPoint()));
                    case TOGETHER -> Math.rint((float) sum * part + q.zeroPoint());
                };
        return Math.min(Math.max(code, q.qMin()), q.qMax());
    }

    private double[] batchNorm(Node node, double epsilon) {
        double[] x = results.get(node.input(0));
        double[] gamma = results.get(node.input(1));
        double[] beta = results.get(node.input(2));
        double[] mean = results.get(node.input(3));
        double[] variance = results.get(node.input(4));
        int inner = (int) (shapes.get(node.input(0)).elementsPerSample() / gamma.length);
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            int c = i / inner % gamma.length;
            y[i] = (x[i] - mean[c]) / Math.sqrt(variance[c] + epsilon) * gamma[c] + beta[c];
        }
        return y;
    }

    private double[] softmax(Node node) {
        double[] x = results.get(node.input(0));
        Shape shape = shapes.get(node.input(0));
        int length = (int) shape.dim(shape.rank() - 1);
        double[] y = new double[x.length];
        for (int row = 0; row < x.length; row += length) {
            double greatest = Double.NEGATIVE_INFINITY;
            for (int i = row; i < row + length; i++) {
                greatest = Math.max(greatest, x[i]);
            }
            double sum = 0;
            for (int i = row; i < row + length; i++) {
                sum += Math.exp(x[i] - greatest);
            }
            for (int i = row; i < row + length; i++) {
                y[i] = Math.exp(x[i] - greatest) / sum;
            }
        }
        return y;
    }

    private static double activate(double x, Activation activation, AffineParams q) {
        if (activation.isNone()) {
            return x;
        }
        double min = q == null ? activation.min() : bound(activation.min(), q);
        double max = q == null ? activation.max() : bound(activation.max(), q);
        return Math.min(Math.max(x, min), max);
    }

    /** The code of a clamp's bound: a number by itself, whose product and sum are rounded one after the other. */
    private static double bound(float x, AffineParams q) {
        float steps = x * (1 / q.scale());
        float code = steps + q.zeroPoint();
        return Math.min(Math.max(Math.rint(code), q.qMin()), q.qMax());
    }

    private static double quantize(float x, AffineParams q) {
        double code = Math.rint(Math.fma(x, 1 / q.scale(), (float) q.zeroPoint()));
        return Math.min(Math.max(code, q.qMin()), q.qMax());
    }

    private static double real(double x, AffineParams q) {
        return q == null ? x : (float) (x - q.zeroPoint()) * q.scale();
    }

    private AffineParams affine(String value) {
        return value.isEmpty() ? null : (AffineParams) graph.value(value).quantization();
    }

    /** {@code [N, C, H, W]} of any shape: rows are images of one pixel. */
    private static int[] image(Shape shape) {
        int[] dims = {1, 1, 1, 1};
        for (int i = 0; i < Math.min(4, shape.rank()); i++) {
            dims[i] = (int) shape.dim(i);
        }
        return dims;
    }
}
