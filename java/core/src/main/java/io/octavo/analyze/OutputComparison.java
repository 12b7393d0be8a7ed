package io.octavo.analyze;

import io.octavo.CalibrationException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Value;
import io.octavo.runtime.Session;
import io.octavo.scheme.SchemeError;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * The outputs of a network against those of another on the same data, such as a quantized one against the float one that it was made
 * from.
 *
 * @param runs how many batches were compared
 * @param outputs a row for each output, in the order of the reference
 */
public record OutputComparison(long runs, List<Output> outputs) {
    /** Copies the list. */
    public OutputComparison {
        outputs = List.copyOf(outputs);
    }

    /**
     * One output, over all data; x is the reference's element, y the other's.
     *
     * @param name the reference's name of it
     * @param elements how many were compared
     * @param power sum of x²
     * @param otherPower sum of y²
     * @param dot sum of x·y
     * @param error sum of (x − y)²
     * @param maxDifference greatest |x − y|
     * @param min least x
     * @param max greatest x
     * @param rows how many rows of classes there are: runs of the last dimension, or of dimension 1 of four and more (channels);
     *     0 where there is one class
     * @param agreeing in how many of them the same class is the greatest, the first of equal ones
     */
    public record Output(
            String name,
            long elements,
            double power,
            double otherPower,
            double dot,
            double error,
            double maxDifference,
            double min,
            double max,
            long rows,
            long agreeing) {
        /** Signal to quantization noise, 10·log10(Σx² / Σ(x − y)²), in dB; infinite where all are equal. */
        public double sqnrDb() {
            return SchemeError.decibels(power, error);
        }

        /** Σxy / √(Σx²·Σy²), −1 to 1; 1 where all are equal. */
        public double cosine() {
            return error == 0 ? 1 : dot / Math.sqrt(power * otherPower);
        }

        /** The greatest difference as a part of the reference's range; 0 where all are equal. */
        public double maxDifferenceOfRange() {
            return maxDifference == 0 ? 0 : maxDifference / (max - min);
        }

        /** Part of the rows in which both say the same class, 0 to 1; NaN where there are none. */
        public double top1Agreement() {
            return rows == 0 ? Double.NaN : (double) agreeing / rows;
        }
    }

    /**
     * Runs both on all of {@code data}. Inputs and outputs belong together by their names where both networks have the same ones, and
     * by their order otherwise.
     *
     * @throws CalibrationException if {@code data} is empty
     * @throws ShapeMismatchException if the two differ in the number of inputs or outputs, or an output has other shapes
     */
    public static OutputComparison of(Session reference, Session other, Iterable<? extends Inputs> data) {
        List<String> inputs = names(reference.graph().inputs());
        int[] inputOrder = order("inputs", inputs, names(other.graph().inputs()));
        List<String> outputs = names(reference.graph().outputs());
        int[] outputOrder = order("outputs", names(other.graph().outputs()), outputs);
        List<Sums> sums = outputs.stream().map(Sums::new).toList();
        long[] runs = {0};
        Inputs.forEach(data, batch -> {
            List<Tensor> given = batch.tensors(inputs);
            List<Tensor> found = reference.run(given);
            List<Tensor> others = other.run(permuted(given, inputOrder));
            for (int i = 0; i < found.size(); i++) {
                sums.get(i).add(found.get(i), others.get(outputOrder[i]));
            }
            found.forEach(Tensor::close);
            others.forEach(Tensor::close);
            runs[0]++;
        });
        if (runs[0] == 0) {
            throw new CalibrationException("no data to compare outputs on");
        }
        return new OutputComparison(runs[0], sums.stream().map(Sums::output).toList());
    }

    private static List<String> names(List<Value> values) {
        return values.stream().map(Value::name).toList();
    }

    /** For each of {@code wanted} its place in {@code given}. */
    private static int[] order(String what, List<String> given, List<String> wanted) {
        if (given.size() != wanted.size()) {
            throw new ShapeMismatchException("the networks have other " + what + ": " + given + " and " + wanted);
        }
        boolean byName = new HashSet<>(given).equals(new HashSet<>(wanted));
        int[] order = new int[wanted.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = byName ? given.indexOf(wanted.get(i)) : i;
        }
        return order;
    }

    private static List<Tensor> permuted(List<Tensor> tensors, int[] order) {
        List<Tensor> permuted = new ArrayList<>(order.length);
        for (int place : order) {
            permuted.add(tensors.get(place));
        }
        return permuted;
    }

    /** What is known of an output so far. */
    private static final class Sums {
        private final String name;
        private final Map<Shape, int[]> classes = new HashMap<>(); // of a shape: how many, and how far apart
        private long elements;
        private double power;
        private double otherPower;
        private double dot;
        private double error;
        private double maxDifference;
        private double min = Double.POSITIVE_INFINITY;
        private double max = Double.NEGATIVE_INFINITY;
        private long rows;
        private long agreeing;

        Sums(String name) {
            this.name = name;
        }

        void add(Tensor one, Tensor other) {
            if (!one.shape().equals(other.shape())) {
                throw new ShapeMismatchException("output '" + name + "' is " + one + " of one network and " + other
                        + " of the other, for the same inputs");
            }
            double[] x = one.toDoubleArray();
            double[] y = other.toDoubleArray();
            for (int i = 0; i < x.length; i++) {
                double difference = x[i] - y[i];
                power += x[i] * x[i];
                otherPower += y[i] * y[i];
                dot += x[i] * y[i];
                error += difference * difference;
                maxDifference = Math.max(maxDifference, Math.abs(difference)); // NaN stays
                min = Math.min(min, x[i]);
                max = Math.max(max, x[i]);
            }
            elements += x.length;
            int[] many = classes.computeIfAbsent(one.shape(), Sums::classes);
            int count = many[0];
            int step = many[1];
            if (count > 1) {
                for (int block = 0; block < x.length; block += count * step) {
                    for (int first = block; first < block + step; first++) {
                        rows++;
                        agreeing += greatest(x, first, count, step) == greatest(y, first, count, step) ? 1 : 0;
                    }
                }
            }
        }

        private static int[] classes(Shape shape) {
            int axis = shape.rank() >= 4 ? 1 : shape.rank() - 1;
            if (axis < 0) {
                return new int[] {1, 1};
            }
            long step = 1;
            for (int d = axis + 1; d < shape.rank(); d++) {
                step *= shape.dim(d);
            }
            return new int[] {(int) shape.dim(axis), (int) step};
        }

        private static int greatest(double[] values, int first, int count, int step) {
            int greatest = 0;
            for (int i = 1; i < count; i++) {
                if (values[first + i * step] > values[first + greatest * step]) {
                    greatest = i;
                }
            }
            return greatest;
        }

        Output output() {
            return new Output(name, elements, power, otherPower, dot, error, maxDifference, min, max, rows, agreeing);
        }
    }
}
