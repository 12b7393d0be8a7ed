package io.octavo.onnx;

import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;

/** Matrices of weights the other way round, {@code [K, N] -> [N, K]}. */
final class Transposed {
    private Transposed() {}

    static Tensor of(Tensor matrix) {
        int rows = (int) matrix.shape().dim(0);
        int columns = (int) matrix.shape().dim(1);
        if (matrix.dtype() == DType.F32) {
            float[] from = matrix.toFloatArray();
            float[] to = new float[from.length];
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    to[c * rows + r] = from[r * columns + c];
                }
            }
            return Tensor.of(to, columns, rows);
        }
        byte[] from = matrix.toByteArray();
        byte[] to = new byte[from.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to[c * rows + r] = from[r * columns + c];
            }
        }
        return Tensor.ofBytes(matrix.dtype(), to, columns, rows);
    }

    /** Parameters of a dimension go where it goes. */
    static QuantizedTensor of(QuantizedTensor matrix) {
        AffineParams params = (AffineParams) matrix.params();
        Granularity granularity = params.granularity().isPerTensor()
                ? Granularity.perTensor()
                : Granularity.perChannel(1 - params.granularity().axis());
        Tensor codes = of(matrix.codes());
        return new QuantizedTensor(
                codes.shape(),
                new AffineParams(
                        params.dtype(),
                        params.bits(),
                        params.qMin(),
                        params.qMax(),
                        params.scales(),
                        params.zeroPoints(),
                        granularity),
                codes);
    }
}
