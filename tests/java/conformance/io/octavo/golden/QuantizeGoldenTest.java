package io.octavo.golden;

import io.octavo.internal.bind.Arrays;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Quantize and dequantize against PyTorch: ties, neighbours of ties, both zeros, infinities and far values among the
 * data.
 */
class QuantizeGoldenTest {

    @Test
    void committedCases() {
        check(GoldenFile.committed("quantize"));
    }

    @Test
    void allCases() {
        check(GoldenFile.full("quantize"));
    }

    /** All cases of 8 bits; 32-bit codes are dequantized only. */
    private static void check(GoldenFile file) {
        Tally codes = new Tally(file.label() + ": codes");
        Tally reals = new Tally(file.label() + ": dequantized");
        for (GoldenCase c : file.cases(any -> true)) {
            Tensor x = c.input("x");
            boolean perChannel = c.param("axis") != null;
            int axis = perChannel ? c.integer("axis") : 0;
            float[] scales = perChannel ? c.input("scales").toFloatArray() : new float[] {c.number("scale")};
            int[] zeroPoints = perChannel ? c.input("zero_points").toIntArray() : new int[] {c.integer("zero_point")};
            Shape shape = x.shape();
            long outer = 1;
            for (int i = 0; i < axis; i++) {
                outer *= shape.dim(i);
            }
            long inner = x.elements() / outer / scales.length;
            Tensor q = c.expected("q");
            if (q.dtype() != DType.S32) {
                Tensor mine = Tensor.zeros(q.dtype(), shape);
                Arrays.quantize(
                        x,
                        outer,
                        scales.length,
                        inner,
                        scales,
                        zeroPoints,
                        c.integer("quant_min"),
                        c.integer("quant_max"),
                        mine);
                codes.compare(c.name(), q, mine);
            }
            Tensor real = Tensor.zeros(DType.F32, shape);
            Arrays.dequantize(q, outer, scales.length, inner, scales, zeroPoints, real);
            reals.compare(c.name(), c.expected("dequantized"), real);
        }
        codes.check();
        reals.check();
    }
}
