package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.Shape;
import java.util.List;
import java.util.Objects;

/** A data set in two arrays: all images one after the other, and a label for each. */
public final class MemoryDataset implements Dataset {
    private final String name;
    private final Shape imageShape;
    private final int imageBytes;
    private final byte[] pixels;
    private final byte[] labels;
    private final List<String> classNames;

    /**
     * @param name short name for reports
     * @param imageShape {@code [C, H, W]}
     * @param pixels {@code labels.length * C * H * W} bytes; not copied, so the caller must not change it any more
     * @param labels one byte an image, read as 0..255; not copied
     * @param classNames names of the classes, at most 256
     * @throws ShapeMismatchException if the number of pixels does not fit the number of labels
     * @throws CorruptDataException if a label has no class
     */
    public MemoryDataset(String name, Shape imageShape, byte[] pixels, byte[] labels, List<String> classNames) {
        this.name = Objects.requireNonNull(name);
        this.imageShape = imageShape;
        this.imageBytes = Math.toIntExact(imageShape.elements());
        this.pixels = pixels;
        this.labels = labels;
        this.classNames = List.copyOf(classNames);
        if (pixels.length != (long) labels.length * imageBytes) {
            throw new ShapeMismatchException("data set " + name + ": " + labels.length + " labels and " + pixels.length
                    + " bytes of pixels, but " + labels.length + " images of " + imageShape + " are "
                    + (long) labels.length * imageBytes + " bytes");
        }
        for (int i = 0; i < labels.length; i++) {
            if (label(i) >= this.classNames.size()) {
                throw new CorruptDataException("data set " + name + ", image " + i + ": label " + label(i)
                        + ", but there are only " + this.classNames.size() + " classes");
            }
        }
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape imageShape() {
        return imageShape;
    }

    @Override
    public void image(int index, byte[] into) {
        Objects.checkIndex(index, labels.length);
        System.arraycopy(pixels, index * imageBytes, into, 0, imageBytes);
    }

    @Override
    public int label(int index) {
        return labels[index] & 0xff;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public String toString() {
        return name + ": " + size() + " images " + imageShape + ", " + classes() + " classes";
    }
}
