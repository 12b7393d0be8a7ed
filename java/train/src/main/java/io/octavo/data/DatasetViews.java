package io.octavo.data;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.random.SplitMix64;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** The views that {@link Dataset}'s default methods return: each a small data set that asks another one. */
final class DatasetViews {
    private DatasetViews() {}

    static Dataset range(Dataset data, int from, int to) {
        if (from < 0 || to < from || to > data.size()) {
            throw new InvalidValueException("range " + from + ".." + to + " of data set " + data.name()
                    + ", which holds " + data.size() + " images");
        }
        int[] indices = new int[to - from];
        Arrays.setAll(indices, i -> from + i);
        return new Subset(data, indices);
    }

    static Dataset sample(Dataset data, int count, long seed) {
        if (count < 0) {
            throw new InvalidValueException("a sample of " + count + " images");
        }
        int[] indices = SplitMix64.permutation(data.size(), seed);
        return new Subset(data, Arrays.copyOf(indices, Math.min(count, indices.length)));
    }

    static Dataset pad(Dataset data, int height, int width) {
        Shape shape = data.imageShape();
        if (height < shape.dim(1) || width < shape.dim(2)) {
            throw new ShapeMismatchException("images of data set " + data.name() + " are " + shape + ": padding to "
                    + height + " x " + width + " would cut them");
        }
        return new Padded(data, height, width);
    }

    static Dataset toColor(Dataset data) {
        long channels = data.imageShape().dim(0);
        if (channels == 3) {
            return data;
        }
        if (channels != 1) {
            throw new ShapeMismatchException(
                    "images of data set " + data.name() + " have " + channels + " channels: only 1 can be made into 3");
        }
        return new Color(data);
    }

    /** A data set that passes every question on. */
    private abstract static class View implements Dataset {
        final Dataset data;

        View(Dataset data) {
            this.data = data;
        }

        @Override
        public int size() {
            return data.size();
        }

        @Override
        public int classes() {
            return data.classes();
        }

        @Override
        public String name() {
            return data.name();
        }

        @Override
        public Shape imageShape() {
            return data.imageShape();
        }

        @Override
        public void image(int index, byte[] into) {
            data.image(index, into);
        }

        @Override
        public int label(int index) {
            return data.label(index);
        }

        @Override
        public List<String> classNames() {
            return data.classNames();
        }

        @Override
        public String toString() {
            return name() + ": " + size() + " images " + imageShape() + ", " + classes() + " classes";
        }
    }

    private static final class Subset extends View {
        private final int[] indices;

        Subset(Dataset data, int[] indices) {
            super(data);
            this.indices = indices;
        }

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public void image(int index, byte[] into) {
            data.image(indices[index], into);
        }

        @Override
        public int label(int index) {
            return data.label(indices[index]);
        }
    }

    private static final class Padded extends View {
        private final int channels;
        private final int innerHeight;
        private final int innerWidth;
        private final int height;
        private final int width;

        Padded(Dataset data, int height, int width) {
            super(data);
            this.channels = (int) data.imageShape().dim(0);
            this.innerHeight = (int) data.imageShape().dim(1);
            this.innerWidth = (int) data.imageShape().dim(2);
            this.height = height;
            this.width = width;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(channels, height, width);
        }

        @Override
        public void image(int index, byte[] into) {
            byte[] inner = new byte[channels * innerHeight * innerWidth];
            data.image(index, inner);
            Arrays.fill(into, 0, channels * height * width, (byte) 0);
            int top = (height - innerHeight) / 2;
            int left = (width - innerWidth) / 2;
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < innerHeight; y++) {
                    System.arraycopy(
                            inner,
                            (c * innerHeight + y) * innerWidth,
                            into,
                            (c * height + top + y) * width + left,
                            innerWidth);
                }
            }
        }
    }

    private static final class Color extends View {
        private final int plane;

        Color(Dataset data) {
            super(data);
            this.plane = (int) data.imageShape().elements();
        }

        @Override
        public Shape imageShape() {
            return Shape.of(3, data.imageShape().dim(1), data.imageShape().dim(2));
        }

        @Override
        public void image(int index, byte[] into) {
            data.image(index, into);
            System.arraycopy(into, 0, into, plane, plane);
            System.arraycopy(into, 0, into, 2 * plane, plane);
        }
    }
}
