package io.octavo.conformance;

import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/** Results against those that a case expects. */
final class Comparison {
    private Comparison() {}

    /** The first difference that the tolerance does not allow; null: there is none. */
    static String difference(Tensor found, TensorDef expected, Tolerance tolerance) {
        if (found.dtype() != expected.type().dtype()) {
            return "is of type " + found.dtype() + ", expected " + expected.type();
        }
        if (!Arrays.equals(found.shape().dims(), expected.dimArray())) {
            return "has shape " + found.shape() + ", expected " + expected.dims();
        }
        return found.dtype() == DType.F32
                ? floats(found.toFloatArray(), expected, tolerance)
                : integers(TensorDef.of("found", found).toLongArray(), expected, tolerance);
    }

    private static String floats(float[] found, TensorDef def, Tolerance tolerance) {
        float[] expected = def.toFloatArray();
        double largest = 0;
        for (float value : expected) {
            largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        for (int i = 0; i < expected.length; i++) {
            float value = narrowed(found[i], expected[i], def.type());
            double allowed = tolerance.relative() * Math.abs(expected[i])
                    + tolerance.absolute()
                    + tolerance.ofLargest() * largest;
            boolean near = Float.isNaN(expected[i])
                    ? Float.isNaN(value)
                    : value == expected[i]
                            || Float.isFinite(expected[i]) && Math.abs((double) value - expected[i]) <= allowed;
            if (!near) {
                return "element " + i + " is " + value + ", expected " + expected[i];
            }
        }
        return null;
    }

    private static String integers(long[] found, TensorDef def, Tolerance tolerance) {
        long[] expected = def.toLongArray();
        for (int i = 0; i < expected.length; i++) {
            // Magnitudes as unsigned numbers: the distance of two longs may take 64 bits.
            long distance = found[i] < expected[i] ? expected[i] - found[i] : found[i] - expected[i];
            if (Long.compareUnsigned(distance, tolerance.steps()) > 0) {
                return "element " + i + " is " + found[i] + ", expected " + expected[i];
            }
        }
        return null;
    }

    /**
     * Octavo computes the types narrower than F32 in F32. Beyond the largest F16 a case has infinity; a BF16 may be the one next to
     * it, for cases have it rounded or cut off.
     */
    private static float narrowed(float value, float expected, ElementType type) {
        return switch (type) {
            case F16 -> Math.abs(value) >= 0x1.ffep15 ? value * Float.POSITIVE_INFINITY : value;
            case BF16 -> Math.abs((double) value - expected) <= 0x1p-7 * Math.abs(expected) ? expected : value;
            default -> value;
        };
    }
}
