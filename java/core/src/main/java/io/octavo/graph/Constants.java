package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/** Constants of F32 made of others. */
final class Constants {
    private Constants() {}

    /** Every element times a number. */
    static Tensor scaled(Tensor tensor, double factor) {
        float[] values = tensor.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return shaped(values, tensor.shape());
    }

    static Tensor shaped(float[] values, Shape shape) {
        Tensor tensor = Tensor.zeros(DType.F32, shape);
        tensor.floats().put(values);
        return tensor;
    }

    static Tensor filled(float value, long count) {
        float[] values = new float[Math.toIntExact(count)];
        Arrays.fill(values, value);
        return Tensor.of(values);
    }

    /**
     * The numbers of a constant that is broadcast along all dimensions of a shape but one: one an index of that dimension.
     *
     * @return null: it differs elsewhere too, or makes the result greater
     */
    static float[] along(Value constant, Shape shape, int axis) {
        Dim dim = shape.dimension(axis);
        int rank = constant.shape().rank();
        if (!dim.isKnown() || rank > shape.rank()) {
            return null;
        }
        for (int i = 0; i < rank; i++) {
            int at = i + shape.rank() - rank;
            long size = constant.shape().dim(i);
            if (size != 1 && (at != axis || size != dim.size())) {
                return null;
            }
        }
        float[] given = constant.data().toFloatArray();
        if (given.length == dim.size()) {
            return given;
        }
        float[] repeated = new float[(int) dim.size()];
        Arrays.fill(repeated, given[0]);
        return repeated;
    }
}
