package io.octavo.data;

import io.octavo.tensor.Shape;
import java.util.List;

/**
 * Labelled images of one size, each a block of bytes 0..255 in channel, row, column order.
 *
 * <p>Implementations are immutable and may be read from several threads at the same time. The views ({@link #take},
 * {@link #range}, {@link #sample}, {@link #pad}, {@link #toColor}) copy no image.
 */
public interface Dataset {
    /** How many images there are. */
    int size();

    /** How many classes there are; labels run from 0 to {@code classes() - 1}. */
    int classes();

    /** A short name for reports, such as {@code "cifar10"}. */
    String name();

    /** Shape of one image, {@code [C, H, W]}. */
    Shape imageShape();

    /**
     * Copies an image.
     *
     * @param index from 0 to {@code size() - 1}
     * @param into at least {@code C * H * W} bytes; the first ones are written
     */
    void image(int index, byte[] into);

    /** The class of an image, 0 to {@code classes() - 1}. */
    int label(int index);

    /** Names of the classes, in the order of the labels. */
    List<String> classNames();

    /** The first {@code count} images (all, if there are fewer). */
    default Dataset take(int count) {
        return range(0, Math.min(count, size()));
    }

    /** The images from {@code from} (included) to {@code to} (excluded). */
    default Dataset range(int from, int to) {
        return DatasetViews.range(this, from, to);
    }

    /**
     * {@code count} different images drawn at random (all, if there are fewer): what calibration wants, since many data
     * sets are stored class by class.
     */
    default Dataset sample(int count, long seed) {
        return DatasetViews.sample(this, count, seed);
    }

    /**
     * Every image centred in a larger frame of zeros, as {@code torchvision.transforms.Pad} does; an odd row or column goes
     * below and to the right.
     *
     * @throws io.octavo.ShapeMismatchException if the frame is smaller than the image
     */
    default Dataset pad(int height, int width) {
        return DatasetViews.pad(this, height, width);
    }

    /**
     * Three equal channels from a grey image; an image of three channels stays as it is.
     *
     * @throws io.octavo.ShapeMismatchException if the images have neither one nor three channels
     */
    default Dataset toColor() {
        return DatasetViews.toColor(this);
    }
}
