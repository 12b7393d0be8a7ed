package io.octavo.graph;

import io.octavo.tensor.Tensor;
import java.util.List;

/** What {@link Normalization} operators compute. */
final class NormalizationReference {
    static final OpTable<Reference, List<Tensor>> TABLE = OpTable.<Reference, List<Tensor>>of(
                    "the reference", Normalization.class)
            .row(Normalization.LayerNorm.class, NormalizationReference::layerNorm)
            .row(Normalization.GroupNorm.class, (node, op) -> List.of(groupNorm(node, op)))
            .row(Normalization.LocalResponse.class, (node, op) -> List.of(localResponse(node, op)))
            .build();

    private NormalizationReference() {}

    static List<Tensor> outputs(Reference node, Normalization op) {
        return TABLE.apply(node, op);
    }

    /** Mean and {@code 1 / sqrt(variance + epsilon)} of some elements. */
    private record Moments(double mean, double inverse) {
        static Moments of(Elements x, int from, int count, double epsilon, boolean aboutZero) {
            double sum = 0;
            for (int i = from; i < from + count && !aboutZero; i++) {
                sum += x.real(i);
            }
            double mean = sum / count;
            double squares = 0;
            for (int i = from; i < from + count; i++) {
                squares += (x.real(i) - mean) * (x.real(i) - mean);
            }
            return new Moments(mean, 1 / Math.sqrt(squares / count + epsilon));
        }

        double apply(double x) {
            return (x - mean) * inverse;
        }
    }

    private static List<Tensor> layerNorm(Reference node, Normalization.LayerNorm op) {
        Elements x = node.elements(0);
        Elements scale = node.has(1) ? node.elements(1) : null;
        Elements bias = node.has(2) ? node.elements(2) : null;
        Elements y = node.zeros(0);
        int inner = Places.count(x.shape(), op.axis(), x.shape().rank());
        Moments[] moments = new Moments[x.count() / inner];
        for (int i = 0; i < moments.length; i++) {
            moments[i] = Moments.of(x, i * inner, inner, op.epsilon(), op.rms());
        }
        Places.forEach(x.shape(), (i, at) -> {
            double normal = moments[i / inner].apply(x.real(i));
            double factor = scale == null ? 1 : scale.real(Places.broadcast(at, scale.shape()));
            double term = bias == null ? 0 : bias.real(Places.broadcast(at, bias.shape()));
            y.set(i, normal * factor + term);
        });
        if (node.resultCount() == 1) {
            return List.of(y.tensor());
        }
        Elements mean = node.zeros(1);
        Elements inverse = node.zeros(1);
        for (int i = 0; i < moments.length; i++) {
            mean.set(i, moments[i].mean);
            inverse.set(i, moments[i].inverse);
        }
        return List.of(y.tensor(), mean.tensor(), inverse.tensor());
    }

    private static Tensor groupNorm(Reference node, Normalization.GroupNorm op) {
        Elements x = node.elements(0);
        Elements scale = node.elements(1);
        Elements bias = node.elements(2);
        Elements y = node.zeros(0);
        int channels = scale.count();
        int groups = op.groups() == 0 ? channels : op.groups();
        int plane = Places.count(x.shape(), 2, x.shape().rank());
        int inner = channels / groups * plane;
        for (int first = 0; first < x.count(); first += inner) {
            Moments moments = Moments.of(x, first, inner, op.epsilon(), false);
            for (int i = first; i < first + inner; i++) {
                int channel = i / plane % channels;
                y.set(i, moments.apply(x.real(i)) * scale.real(channel) + bias.real(channel));
            }
        }
        return y.tensor();
    }

    private static Tensor localResponse(Reference node, Normalization.LocalResponse op) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        int channels = (int) x.shape().dim(1);
        int plane = Places.count(x.shape(), 2, x.shape().rank());
        int before = (op.size() - 1) / 2;
        for (int i = 0; i < x.count(); i++) {
            int channel = i / plane % channels;
            double squares = 0;
            for (int c = channel - before; c < channel - before + op.size(); c++) {
                if (c >= 0 && c < channels) {
                    double neighbour = x.real(i + (c - channel) * plane);
                    squares += neighbour * neighbour;
                }
            }
            y.set(i, x.real(i) / Math.pow(op.bias() + (double) op.alpha() / op.size() * squares, op.beta()));
        }
        return y.tensor();
    }

    /** {@link Op.BatchNorm}. */
    static Tensor batchNorm(Reference node, Op.BatchNorm op) {
        Elements x = node.elements(0);
        Elements[] parameters = new Elements[5];
        for (int i = 1; i < 5; i++) {
            parameters[i] = node.elements(i);
        }
        Elements y = node.zeros(0);
        int channels = (int) x.shape().dim(1);
        int plane = Places.count(x.shape(), 2, x.shape().rank());
        for (int i = 0; i < x.count(); i++) {
            int c = i / plane % channels;
            double normal = (x.real(i) - parameters[3].real(c)) / Math.sqrt(parameters[4].real(c) + op.epsilon());
            y.set(i, normal * parameters[1].real(c) + parameters[2].real(c));
        }
        return y.tensor();
    }
}
