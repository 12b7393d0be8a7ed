package io.octavo.internal.bind;

import io.octavo.NotFiniteException;
import io.octavo.tensor.Tensor;
import java.nio.FloatBuffer;

/** The refusal of NaN and infinity, for schemes and observers alike. */
public final class Finite {
    private Finite() {}

    /** Throws {@link NotFiniteException} naming the first value of an F32 tensor that is NaN or infinite. */
    public static void check(Tensor x) {
        Arrays.MinMax found = Arrays.minMax(x, 1, 1, x.elements());
        check(x, found.nan() + found.inf());
    }

    /** The same when it is known how many such values there are; none does nothing. */
    public static void check(Tensor x, long notFinite) {
        if (notFinite == 0) {
            return;
        }
        FloatBuffer values = x.floats();
        int i = 0;
        while (Float.isFinite(values.get(i))) {
            i++;
        }
        throw new NotFiniteException(
                values.get(i) + " at index " + i + " (row-major) of a tensor of shape " + x.shape() + ", " + notFinite
                        + " such in all: only finite numbers can be quantized; look for the step that made it");
    }
}
