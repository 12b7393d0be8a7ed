package io.octavo.golden;

import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;

/** [N, C, H, W] tensors of bytes in the order of their shape and with channels last. */
final class Layouts {
    private Layouts() {}

    /** The elements of an NCHW tensor in the order N, H, W, C, under the same shape. */
    static Tensor toChannelsLast(Tensor x) {
        return moved(x, true);
    }

    /** The elements of a tensor stored N, H, W, C in the order of its shape. */
    static Tensor fromChannelsLast(Tensor x) {
        return moved(x, false);
    }

    private static Tensor moved(Tensor x, boolean toLast) {
        int images = (int) x.shape().dim(0);
        int channels = (int) x.shape().dim(1);
        int pixels = (int) (x.shape().dim(2) * x.shape().dim(3));
        Tensor y = Tensor.zeros(x.dtype(), x.shape());
        ByteBuffer from = x.bytes();
        ByteBuffer to = y.bytes();
        for (int n = 0; n < images; n++) {
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < pixels; p++) {
                    int first = (n * channels + c) * pixels + p;
                    int last = (n * pixels + p) * channels + c;
                    to.put(toLast ? last : first, from.get(toLast ? first : last));
                }
            }
        }
        return y;
    }
}
