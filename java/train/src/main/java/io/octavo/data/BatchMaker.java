package io.octavo.data;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Makes the batches of one pass, one after the other; used by one thread. */
final class BatchMaker {
    private final DataLoader loader;
    private final Dataset dataset;
    private final int epoch;
    private final int[] order;
    private final float[][] levels;
    private final int channels;
    private final int height;
    private final int width;
    private final byte[] pixels;
    private final float[] floats;

    BatchMaker(DataLoader loader, int epoch) {
        this.loader = loader;
        this.dataset = loader.dataset();
        this.epoch = epoch;
        this.order = loader.order(epoch);
        this.levels = loader.levels();
        Shape image = dataset.imageShape();
        this.channels = (int) image.dim(0);
        this.height = (int) image.dim(1);
        this.width = (int) image.dim(2);
        this.pixels = new byte[channels * height * width];
        this.floats = new float[pixels.length];
    }

    int batches() {
        return loader.batches();
    }

    /** A batch of its own memory, for {@link #make} to fill. */
    Batch allocate() {
        long n = Math.max(1, Math.min(loader.batchSize(), order.length));
        return new Batch(
                Tensor.zeros(DType.F32, Shape.of(n, channels, height, width)), Tensor.zeros(DType.S32, Shape.of(n)));
    }

    /** Fills {@code memory} with batch number {@code index}; a batch that is not full is a view of the first images. */
    Batch make(int index, Batch memory) {
        int from = index * loader.batchSize();
        int count = Math.min(loader.batchSize(), order.length - from);
        FloatBuffer images = memory.images().floats();
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            int image = order[from + i];
            dataset.image(image, pixels);
            labels[i] = dataset.label(image);
            convert(loader.move(epoch, image));
            images.put(floats);
        }
        memory.labels().ints().put(labels);
        return count == memory.size()
                ? memory
                : new Batch(memory.images().slice(0, count), memory.labels().slice(0, count));
    }

    private void convert(DataLoader.Move move) {
        int plane = height * width;
        // Columns of the result that have a source: those moved in from outside are zero bytes.
        int begin = Math.min(width, Math.max(0, move.right()));
        int end = Math.max(begin, Math.min(width, width + move.right()));
        for (int c = 0; c < channels; c++) {
            float[] level = levels[c];
            for (int y = 0; y < height; y++) {
                int to = c * plane + y * width;
                int row = y - move.down();
                if (row < 0 || row >= height) {
                    Arrays.fill(floats, to, to + width, level[0]);
                    continue;
                }
                Arrays.fill(floats, to, to + begin, level[0]);
                Arrays.fill(floats, to + end, to + width, level[0]);
                int from = c * plane + row * width - move.right();
                if (!move.flipped()) {
                    for (int x = begin; x < end; x++) {
                        floats[to + x] = level[pixels[from + x] & 0xff];
                    }
                } else {
                    int last = c * plane + row * width + width - 1 + move.right();
                    for (int x = begin; x < end; x++) {
                        floats[to + x] = level[pixels[last - x] & 0xff];
                    }
                }
            }
        }
    }
}
