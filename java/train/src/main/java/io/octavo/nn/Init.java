package io.octavo.nn;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * First values of parameters, as PyTorch's layers set them, from an explicit seed: {@link SplittableRandom} (Steele, Lea and
 * Flood, Fast Splittable Pseudorandom Number Generators, 2014) on that seed, one draw an element in the order in which a network
 * is built. The numbers are not PyTorch's, their distributions are.
 */
public final class Init {
    private final SplittableRandom random;

    /**
     * @param seed the same seed gives the same values on any machine
     */
    public Init(long seed) {
        random = new SplittableRandom(seed);
    }

    /**
     * Weights by He's uniform rule with a = sqrt(5): uniform within {@code ±sqrt(6 / ((1 + a^2) fanIn)) = ±1 / sqrt(fanIn)} (He et
     * al., Delving Deep into Rectifiers, 2015; the default of PyTorch's convolutions and linear layers).
     *
     * @param shape {@code [O, ...]}; fanIn is the product of the dimensions after the first
     */
    public Tensor weight(Shape shape) {
        return uniform(shape, 1 / Math.sqrt(shape.elementsPerSample()));
    }

    /** Biases: uniform within {@code ±1 / sqrt(fanIn)}. */
    public Tensor bias(long size, long fanIn) {
        return uniform(Shape.of(size), 1 / Math.sqrt(fanIn));
    }

    /** Every element the same. */
    public Tensor constant(long size, float value) {
        float[] values = new float[Math.toIntExact(size)];
        Arrays.fill(values, value);
        return Tensor.of(values);
    }

    private Tensor uniform(Shape shape, double bound) {
        Tensor tensor = Tensor.zeros(DType.F32, shape);
        FloatBuffer values = tensor.floats();
        while (values.hasRemaining()) {
            // The upper 53 bits as a number in [0, 1).
            double unit = (random.nextLong() >>> 11) * 0x1p-53;
            values.put((float) ((2 * unit - 1) * bound));
        }
        return tensor;
    }
}
