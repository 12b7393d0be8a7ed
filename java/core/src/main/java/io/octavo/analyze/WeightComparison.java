package io.octavo.analyze;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.SchemeError;
import io.octavo.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a quantized graph against those of the float graph that it was made from.
 *
 * @param layers one row a weight, in the order of the graph
 */
public record WeightComparison(List<Layer> layers) {
    /**
     * One weight.
     *
     * @param name the value's name
     * @param elements how many weights
     * @param bytes codes, tables, scales and zero points as stored
     * @param power sum of w², w the float weights
     * @param error sum of (w − ŵ)², ŵ the levels that run on the kernels
     * @param levelError the same for the levels before table entries were rounded to 8 bits; equals error for affine codes
     */
    public record Layer(String name, long elements, long bytes, double power, double error, double levelError) {
        /** Signal to quantization noise, 10·log10(power / error), in dB; infinite without error. */
        public double sqnrDb() {
            return SchemeError.decibels(power, error);
        }
    }

    /**
     * Compares every quantized constant of {@code quantized} with the float constant that the node of the same name reads in
     * {@code original}: weights that nodes share there may have been quantized several times.
     *
     * @throws InvalidValueException if there is no such node or constant, or nothing is quantized
     */
    public static WeightComparison of(Graph original, Graph quantized) {
        List<Layer> layers = new ArrayList<>();
        for (Value value : quantized.values()) {
            if (value.isConstant() && value.isQuantized()) {
                layers.add(layer(weights(original, quantized, value), value));
            }
        }
        if (layers.isEmpty()) {
            throw new InvalidValueException("graph " + quantized.name() + " has no quantized weights to compare");
        }
        return new WeightComparison(List.copyOf(layers));
    }

    /** The floats that a quantized constant was made from. */
    private static Tensor weights(Graph original, Graph quantized, Value value) {
        for (Node node : quantized.consumers(value.name())) {
            int index = node.inputs().indexOf(value.name());
            for (Node same : original.nodes()) {
                if (same.name().equals(node.name())
                        && index < same.inputs().size()
                        && !same.input(index).isEmpty()) {
                    Value found = original.value(same.input(index));
                    if (found.isConstant() && found.shape().equals(value.shape())) {
                        return found.data();
                    }
                }
            }
        }
        throw new InvalidValueException("weight " + value.name() + ": no node of the float graph " + original.name()
                + " has the name of one that reads it, and a constant of shape " + value.shape()
                + " in its place: compare with the prepared graph that was converted");
    }

    private static Layer layer(Tensor original, Value value) {
        QuantizedTensor codes = new QuantizedTensor(value.shape(), value.quantization(), value.data());
        FloatBuffer weights = original.floats();
        double power = 0;
        for (int i = 0; i < weights.capacity(); i++) {
            power += (double) weights.get(i) * weights.get(i);
        }
        SchemeError error = codes.error(original);
        double sum = error.mse() * weights.capacity();
        double levelError = sum / Math.pow(10, error.roundingLossDb() / 10);
        return new Layer(value.name(), weights.capacity(), codes.storageBytes(), power, sum, levelError);
    }

    /** Bits a weight over all layers, codes, tables, scales and zero points counted. */
    public double bitsPerWeight() {
        return 8.0 * bytes() / layers.stream().mapToLong(Layer::elements).sum();
    }

    /** Stored bytes of all weights. */
    public long bytes() {
        return layers.stream().mapToLong(Layer::bytes).sum();
    }

    /** Signal to quantization noise over all weights, 10·log10(Σw² / Σ(w − ŵ)²), in dB. */
    public double sqnrDb() {
        return SchemeError.decibels(
                power(), layers.stream().mapToDouble(Layer::error).sum());
    }

    /** How many dB of {@link #sqnrDb} were lost by rounding table entries to 8 bits; 0 for affine codes. */
    public double tableLossDb() {
        return SchemeError.decibels(
                        power(), layers.stream().mapToDouble(Layer::levelError).sum())
                - sqnrDb();
    }

    private double power() {
        return layers.stream().mapToDouble(Layer::power).sum();
    }
}
