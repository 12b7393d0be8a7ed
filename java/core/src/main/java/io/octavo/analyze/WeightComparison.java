package io.octavo.analyze;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.SchemeError;
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
            return decibel(power, error);
        }
    }

    /**
     * Compares every quantized constant of {@code quantized} with the float constant of the same name in {@code original}.
     *
     * @throws InvalidValueException if there is none of that name, or nothing is quantized
     */
    public static WeightComparison of(Graph original, Graph quantized) {
        List<Layer> layers = new ArrayList<>();
        for (Value value : quantized.values()) {
            if (value.isConstant() && value.isQuantized()) {
                layers.add(layer(original, value));
            }
        }
        if (layers.isEmpty()) {
            throw new InvalidValueException("graph " + quantized.name() + " has no quantized weights to compare");
        }
        return new WeightComparison(List.copyOf(layers));
    }

    private static Layer layer(Graph original, Value value) {
        if (!original.hasValue(value.name()) || !original.value(value.name()).isConstant()) {
            throw new InvalidValueException("weight " + value.name() + " is not in the float graph " + original.name()
                    + ": compare with the prepared graph that was converted");
        }
        QuantizedTensor codes = new QuantizedTensor(value.shape(), value.quantization(), value.data());
        FloatBuffer weights = original.value(value.name()).data().floats();
        double power = 0;
        for (int i = 0; i < weights.capacity(); i++) {
            power += (double) weights.get(i) * weights.get(i);
        }
        SchemeError error = codes.error(original.value(value.name()).data());
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
        return decibel(power(), layers.stream().mapToDouble(Layer::error).sum());
    }

    /** How many dB of {@link #sqnrDb} were lost by rounding table entries to 8 bits; 0 for affine codes. */
    public double tableLossDb() {
        return decibel(power(), layers.stream().mapToDouble(Layer::levelError).sum()) - sqnrDb();
    }

    private double power() {
        return layers.stream().mapToDouble(Layer::power).sum();
    }

    private static double decibel(double power, double error) {
        return error == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(power / error);
    }
}
