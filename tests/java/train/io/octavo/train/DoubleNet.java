package io.octavo.train;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import java.util.HashMap;
import java.util.Map;

/**
 * The training-time forward pass and loss of a graph by plain loops in double: batch norms take the statistics of the batch,
 * dropouts the mask that they are given. What numeric gradients are taken of.
 */
final class DoubleNet {
    private final Graph graph;
    private final int n;
    private final Map<String, double[]> results = new HashMap<>();
    /** Factor of each element (0 or 1 / (1 - p)) by the name of the dropout's result. */
    private final Map<String, double[]> masks;

    private DoubleNet(Graph graph, int n, Map<String, double[]> masks) {
        this.graph = graph;
        this.n = n;
        this.masks = masks;
    }

    static Map<String, double[]> constants(Graph graph) {
        Map<String, double[]> constants = new HashMap<>();
        graph.constants()
                .forEach((name, value) ->
                        constants.put(name, doubles(value.data().toFloatArray())));
        return constants;
    }

    static double[] doubles(float[] floats) {
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }

    /** All values of a pass over a batch. */
    static Map<String, double[]> forward(
            Graph graph, Map<String, double[]> constants, double[] x, int n, Map<String, double[]> masks) {
        DoubleNet net = new DoubleNet(graph, n, masks);
        net.results.putAll(constants);
        net.results.put(graph.inputs().get(0).name(), x);
        for (Node node : graph.nodes()) {
            net.results.put(node.output(), net.compute(node));
        }
        return net.results;
    }

    /** The mean cross entropy of a batch. */
    static double loss(
            Graph graph, Map<String, double[]> constants, double[] x, int[] labels, Map<String, double[]> masks) {
        double[] logits = forward(graph, constants, x, labels.length, masks)
                .get(graph.outputs().get(0).name());
        int classes = logits.length / labels.length;
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            double total = 0;
            for (int c = 0; c < classes; c++) {
                total += Math.exp(logits[i * classes + c] - logits[i * classes + labels[i]]);
            }
            sum += Math.log(total);
        }
        return sum / labels.length;
    }

    private double[] compute(Node node) {
        Op op = node.op();
        double[] x = results.get(node.input(0));
        Shape in = shape(node.input(0));
        Shape out = shape(node.output());
        if (op instanceof Op.Conv2d conv) {
            double[] y = conv(node, conv, x, in, out);
            if (!node.input(3).isEmpty()) {
                double[] residual = results.get(node.input(3));
                for (int i = 0; i < y.length; i++) {
                    y[i] += residual[i];
                }
            }
            return clamp(y, conv.activation());
        }
        if (op instanceof Op.Linear linear) {
            return clamp(linear(node, x, (int) in.dim(1), (int) out.dim(1)), linear.activation());
        }
        if (op instanceof Op.BatchNorm norm) {
            return batchNorm(node, x, in, norm.epsilon());
        }
        if (op instanceof Op.Clamp clamp) {
            return clamp(x.clone(), clamp.activation());
        }
        if (op instanceof Op.MaxPool2d pool) {
            return pool(x, in, out, pool.window(), true, false);
        }
        if (op instanceof Op.AvgPool2d pool) {
            return pool(x, in, out, pool.window(), false, pool.countIncludePad());
        }
        if (op instanceof Op.AdaptiveAvgPool2d) {
            return adaptive(x, in, out);
        }
        if (op instanceof Op.Add add) {
            double[] b = results.get(node.input(1));
            double[] y = x.clone();
            for (int i = 0; i < y.length; i++) {
                y[i] += b[i];
            }
            return clamp(y, add.activation());
        }
        if (op instanceof Op.Softmax) {
            return softmax(x, (int) in.dim(1));
        }
        if (op instanceof Op.Dropout) {
            double[] y = x.clone();
            double[] mask = masks.get(node.output());
            for (int i = 0; i < y.length; i++) {
                y[i] *= mask[i];
            }
            return y;
        }
        return x; // Flatten
    }

    private Shape shape(String name) {
        Value value = graph.value(name);
        return value.shape().hasBatch() ? value.shape().withBatch(n) : value.shape();
    }

    private double[] conv(Node node, Op.Conv2d conv, double[] x, Shape in, Shape out) {
        double[] w = results.get(node.input(1));
        double[] bias = results.get(node.input(2));
        Window k = conv.window();
        int channels = (int) in.dim(1) / conv.groups();
        int perGroup = (int) out.dim(1) / conv.groups();
        double[] y = new double[(int) out.elements()];
        int at = 0;
        for (int b = 0; b < n; b++) {
            for (int o = 0; o < out.dim(1); o++) {
                for (int i = 0; i < out.dim(2); i++) {
                    for (int j = 0; j < out.dim(3); j++) {
                        double sum = bias == null ? 0 : bias[o];
                        for (int c = 0; c < channels; c++) {
                            for (int u = 0; u < k.kernelH(); u++) {
                                for (int v = 0; v < k.kernelW(); v++) {
                                    int r = i * k.strideH() - k.padTop() + u * k.dilationH();
                                    int s = j * k.strideW() - k.padLeft() + v * k.dilationW();
                                    if (r >= 0 && r < in.dim(2) && s >= 0 && s < in.dim(3)) {
                                        int channel = o / perGroup * channels + c;
                                        sum += x[index(in, b, channel, r, s)]
                                                * w[((o * channels + c) * k.kernelH() + u) * k.kernelW() + v];
                                    }
                                }
                            }
                        }
                        y[at++] = sum;
                    }
                }
            }
        }
        return y;
    }

    private double[] linear(Node node, double[] x, int k, int outputs) {
        double[] w = results.get(node.input(1));
        double[] bias = results.get(node.input(2));
        double[] y = new double[n * outputs];
        for (int b = 0; b < n; b++) {
            for (int o = 0; o < outputs; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < k; i++) {
                    sum += x[b * k + i] * w[o * k + i];
                }
                y[b * outputs + o] = sum;
            }
        }
        return y;
    }

    /** Mean and biased variance of each channel. */
    static double[][] statistics(double[] x, int n, int channels) {
        int inner = x.length / n / channels;
        double[] mean = new double[channels];
        double[] variance = new double[channels];
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < x.length; i++) {
                int c = i / inner % channels;
                if (pass == 0) {
                    mean[c] += x[i] / (n * inner);
                } else {
                    variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / (n * inner);
                }
            }
        }
        return new double[][] {mean, variance};
    }

    private double[] batchNorm(Node node, double[] x, Shape in, double epsilon) {
        double[] gamma = results.get(node.input(1));
        double[] beta = results.get(node.input(2));
        double[][] statistics = statistics(x, n, gamma.length);
        int inner = x.length / n / gamma.length;
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int c = i / inner % gamma.length;
            y[i] = (x[i] - statistics[0][c]) / Math.sqrt(statistics[1][c] + epsilon) * gamma[c] + beta[c];
        }
        return y;
    }

    private double[] pool(double[] x, Shape in, Shape out, Window k, boolean max, boolean countPad) {
        double[] y = new double[(int) out.elements()];
        int at = 0;
        for (int b = 0; b < n; b++) {
            for (int c = 0; c < out.dim(1); c++) {
                for (int i = 0; i < out.dim(2); i++) {
                    for (int j = 0; j < out.dim(3); j++) {
                        double best = Double.NEGATIVE_INFINITY;
                        double sum = 0;
                        int count = 0;
                        for (int u = 0; u < k.kernelH(); u++) {
                            for (int v = 0; v < k.kernelW(); v++) {
                                int r = i * k.strideH() - k.padTop() + u * k.dilationH();
                                int s = j * k.strideW() - k.padLeft() + v * k.dilationW();
                                boolean inside = r >= 0 && r < in.dim(2) && s >= 0 && s < in.dim(3);
                                if (inside) {
                                    best = Math.max(best, x[index(in, b, c, r, s)]);
                                    sum += x[index(in, b, c, r, s)];
                                }
                                // Padding that counts ends where the padded input ends, also in ceil mode.
                                boolean padded = r < in.dim(2) + k.padBottom() && s < in.dim(3) + k.padRight();
                                count += inside || countPad && padded ? 1 : 0;
                            }
                        }
                        y[at++] = max ? best : sum / count;
                    }
                }
            }
        }
        return y;
    }

    private double[] adaptive(double[] x, Shape in, Shape out) {
        double[] y = new double[(int) out.elements()];
        int at = 0;
        for (int b = 0; b < n; b++) {
            for (int c = 0; c < out.dim(1); c++) {
                for (long i = 0; i < out.dim(2); i++) {
                    for (long j = 0; j < out.dim(3); j++) {
                        double sum = 0;
                        int count = 0;
                        for (long r = i * in.dim(2) / out.dim(2);
                                r < -Math.floorDiv(-(i + 1) * in.dim(2), out.dim(2));
                                r++) {
                            for (long s = j * in.dim(3) / out.dim(3);
                                    s < -Math.floorDiv(-(j + 1) * in.dim(3), out.dim(3));
                                    s++) {
                                sum += x[index(in, b, c, (int) r, (int) s)];
                                count++;
                            }
                        }
                        y[at++] = sum / count;
                    }
                }
            }
        }
        return y;
    }

    private static double[] softmax(double[] x, int classes) {
        double[] y = new double[x.length];
        for (int row = 0; row < x.length; row += classes) {
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                y[row + c] = Math.exp(x[row + c]);
                sum += y[row + c];
            }
            for (int c = 0; c < classes; c++) {
                y[row + c] /= sum;
            }
        }
        return y;
    }

    private static double[] clamp(double[] y, Activation activation) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(Math.max(y[i], activation.min()), activation.max());
        }
        return y;
    }

    private static int index(Shape shape, int b, int c, int r, int s) {
        return (int) (((b * shape.dim(1) + c) * shape.dim(2) + r) * shape.dim(3) + s);
    }
}
