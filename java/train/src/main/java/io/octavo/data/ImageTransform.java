package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * How a picture becomes what a network reads: resized, its centre cut out, each channel as {@code (pixel * scale - mean) / std}, in the
 * order of channels and dimensions that the network asks for. The steps and their numbers are those of torchvision's Resize,
 * CenterCrop, ToTensor and Normalize. Immutable: each setter returns a new transform.
 */
public final class ImageTransform {
    /** Which channels there are, in their order. */
    public enum Channels {
        /** Red, green, blue. */
        RGB,
        /** Blue, green, red, as OpenCV has them. */
        BGR,
        /** One: {@code 0.299 R + 0.587 G + 0.114 B} (ITU-R BT.601). */
        GRAY
    }

    /** Where the channels stand among the dimensions. */
    public enum Layout {
        /** {@code [N, C, H, W]}. */
        NCHW,
        /** {@code [N, H, W, C]}. */
        NHWC
    }

    private final TensorSpec input;
    private Layout layout;
    private Channels channels;
    private int resize; // 0: just so large that it covers what is cut out
    private int height; // cut out; 0: all there is
    private int width;
    private double scale = 1 / 255.0;
    private float[] mean = {0};
    private float[] std = {1};
    private boolean normalized;

    private ImageTransform(TensorSpec input) {
        this.input = input;
    }

    private ImageTransform copy() {
        ImageTransform copy = new ImageTransform(input);
        copy.layout = layout;
        copy.channels = channels;
        copy.resize = resize;
        copy.height = height;
        copy.width = width;
        copy.scale = scale;
        copy.mean = mean;
        copy.std = std;
        copy.normalized = normalized;
        return copy;
    }

    /**
     * The transform that an input's shape asks for: layout, number of channels (1: grey, 3: RGB) and size follow from it; where it
     * leaves the size open, pictures keep theirs. Pixels become 0..1 of an F32 input, and stay 0..255 of a U8 one.
     *
     * @param input F32 or U8, {@code [N, C, H, W]} or {@code [N, H, W, C]}, or the same without N; C is 1 or 3 where it is known
     * @throws ShapeMismatchException if it is no input of pictures
     */
    public static ImageTransform of(TensorSpec input) {
        InvalidValueException.requireNonNull(input, "input of a transform of images");
        Shape shape = input.shape();
        if (shape.rank() != 3 && shape.rank() != 4 || input.dtype() != DType.F32 && input.dtype() != DType.U8) {
            throw new ShapeMismatchException(
                    "Input " + input + " takes no pictures: these are F32 or U8 [N, C, H, W] or" + " [N, H, W, C]");
        }
        ImageTransform transform = new ImageTransform(input);
        int first = shape.rank() - 3;
        boolean last = !isChannels(shape.dim(first)) && isChannels(shape.dim(first + 2));
        return transform.layout(last ? Layout.NHWC : Layout.NCHW);
    }

    private static boolean isChannels(long dim) {
        return dim == 1 || dim == 3;
    }

    /**
     * Where the channels stand, if the input's shape alone does not tell; resets channels and size to what it says then.
     *
     * @throws ShapeMismatchException if the input has another number than 1 or 3 there
     */
    public ImageTransform layout(Layout layout) {
        ImageTransform copy = copy();
        copy.layout = layout;
        long count = input.shape().dim(copy.axis(0));
        if (count != Shape.N && !isChannels(count)) {
            throw new ShapeMismatchException("Input " + input + " takes no pictures: as " + layout + " it has " + count
                    + " channels, where 1 or 3 are wanted");
        }
        copy.channels = count == 1 ? Channels.GRAY : Channels.RGB;
        copy.height = known(input.shape().dim(copy.axis(1)));
        copy.width = known(input.shape().dim(copy.axis(2)));
        return copy;
    }

    private static int known(long dim) {
        return dim == Shape.N ? 0 : Math.toIntExact(Math.min(dim, Integer.MAX_VALUE));
    }

    /** The axis of channels (0), rows (1) or columns (2). */
    private int axis(int which) {
        return input.shape().rank() - 3 + (layout == Layout.NCHW ? which : (which + 2) % 3);
    }

    /**
     * Resizes so that the shorter side has this many pixels; the other keeps the proportion, rounded down. Without it a picture is made
     * just so large that it covers what is cut out of it.
     *
     * @throws InvalidValueException if below 1
     */
    public ImageTransform resize(int shorterSide) {
        if (shorterSide < 1) {
            throw new InvalidValueException("resize to " + shorterSide + " pixels: at least 1 is needed");
        }
        ImageTransform copy = copy();
        copy.resize = shorterSide;
        return copy;
    }

    /**
     * Cuts out the centre; the default is what the input's shape says, or all.
     *
     * @throws InvalidValueException if below 1
     * @throws ShapeMismatchException if the input has another size
     */
    public ImageTransform crop(int height, int width) {
        if (height < 1 || width < 1) {
            throw new InvalidValueException("crop of " + height + " x " + width + " pixels: at least 1 x 1 is needed");
        }
        long rows = input.shape().dim(axis(1));
        long columns = input.shape().dim(axis(2));
        if (rows != Shape.N && rows != height || columns != Shape.N && columns != width) {
            throw new ShapeMismatchException(
                    "crop of " + height + " x " + width + " pixels for input " + input + ", which has another size");
        }
        ImageTransform copy = copy();
        copy.height = height;
        copy.width = width;
        return copy;
    }

    /** Subtracted after scaling: a number for each channel in the order of {@link #channels}, or one for all; the default is 0. */
    public ImageTransform mean(float... mean) {
        ImageTransform copy = copy();
        copy.mean = numbers("mean", mean);
        copy.normalized = true;
        return copy;
    }

    /** Divided by after that, as {@link #mean}; the default is 1. */
    public ImageTransform std(float... std) {
        for (float value : std) {
            if (value == 0) {
                throw new InvalidValueException("std " + Arrays.toString(std) + ": 0 cannot be divided by");
            }
        }
        ImageTransform copy = copy();
        copy.std = numbers("std", std);
        copy.normalized = true;
        return copy;
    }

    private static float[] numbers(String what, float[] values) {
        if (values.length != 1 && values.length != 3) {
            throw new InvalidValueException(
                    what + " " + Arrays.toString(values) + ": one number, or one for each of 3 channels");
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new InvalidValueException(what + " " + Arrays.toString(values) + ": must be finite");
            }
        }
        return values.clone();
    }

    /** Factor of the pixels 0..255; the default is 1/255. */
    public ImageTransform scale(double scale) {
        if (!Double.isFinite(scale) || scale == 0) {
            throw new InvalidValueException("scale " + scale + ": must be finite and not 0");
        }
        ImageTransform copy = copy();
        copy.scale = scale;
        copy.normalized = true;
        return copy;
    }

    /**
     * Which channels, in which order.
     *
     * @throws ShapeMismatchException if the input has another number of them
     */
    public ImageTransform channels(Channels channels) {
        long count = input.shape().dim(axis(0));
        if (count != Shape.N && count != (channels == Channels.GRAY ? 1 : 3)) {
            throw new ShapeMismatchException(channels + " channels for input " + input + ", which has " + count);
        }
        ImageTransform copy = copy();
        copy.channels = channels;
        return copy;
    }

    /**
     * Reads a JPEG or PNG file; by its name it is PNG or not.
     *
     * @return {@code [1, C, H, W]} or {@code [1, H, W, C]}, without the 1 where the input has three dimensions
     * @throws io.octavo.DataNotFoundException if there is no such file
     * @throws CorruptDataException if it cannot be decoded, or has more than 100 million pixels
     * @throws InvalidValueException if it is smaller than what is to be cut out
     * @throws DataException if it cannot be read
     */
    public Tensor read(Path file) {
        try (ImageDecoder decoder = new ImageDecoder()) {
            return read(decoder, file);
        }
    }

    Tensor read(ImageDecoder decoder, Path file) {
        ImageDecoder.Picture picture;
        try {
            picture = decoder.decode(ImageFolder.read(file), file.getFileName().toString());
        } catch (FileSystemException e) {
            throw DataException.reading(file, e);
        } catch (IOException e) {
            throw new CorruptDataException("unreadable image " + file + ": " + e.getMessage(), e);
        }
        return tensor(resized(picture), file);
    }

    private ImageDecoder.Picture resized(ImageDecoder.Picture picture) {
        int h = picture.height();
        int w = picture.width();
        if (resize > 0) {
            return h <= w
                    ? Resampling.resize(picture, resize, (int) ((long) resize * w / h))
                    : Resampling.resize(picture, (int) ((long) resize * h / w), resize);
        }
        if (height == 0 && width == 0) {
            return picture;
        }
        double factor = Math.max((double) height / h, (double) width / w);
        return Resampling.resize(
                picture, Math.max(height, (int) Math.max(1, Math.rint(h * factor))), Math.max(width, (int)
                        Math.max(1, Math.rint(w * factor))));
    }

    private Tensor tensor(ImageDecoder.Picture picture, Path file) {
        if (normalized && input.dtype() != DType.F32) {
            throw new InvalidValueException(
                    "Input " + input + " takes pixels of 0..255 as they are: no mean, std, scale");
        }
        int rows = height == 0 ? picture.height() : height;
        int columns = width == 0 ? picture.width() : width;
        if (rows > picture.height() || columns > picture.width()) {
            throw new InvalidValueException(file + ": a crop of " + rows + " x " + columns + " pixels out of "
                    + picture.height() + " x " + picture.width() + ", which it has after resizing");
        }
        int count = channels == Channels.GRAY ? 1 : 3;
        long[] dims =
                layout == Layout.NCHW ? new long[] {1, count, rows, columns} : new long[] {1, rows, columns, count};
        Tensor tensor = Tensor.zeros(
                input.dtype(), input.shape().rank() == 4 ? dims : Arrays.copyOfRange(dims, 1, dims.length));
        int top = (int) Math.rint((picture.height() - rows) / 2.0);
        int left = (int) Math.rint((picture.width() - columns) / 2.0);
        int plane = rows * columns;
        ByteBuffer bytes = tensor.bytes();
        int size = input.dtype().bytes();
        for (int c = 0; c < count; c++) {
            float[] values = values(c);
            for (int y = 0; y < rows; y++) {
                int line = (top + y) * picture.width() + left;
                for (int x = 0; x < columns; x++) {
                    int pixel = pixel(picture, c, line + x);
                    int at = layout == Layout.NCHW ? c * plane + y * columns + x : (y * columns + x) * count + c;
                    if (size == 1) {
                        bytes.put(at, (byte) pixel);
                    } else {
                        bytes.putFloat(at * size, values[pixel]);
                    }
                }
            }
        }
        return tensor;
    }

    /** Channel {@code c} of a pixel, 0..255. */
    private int pixel(ImageDecoder.Picture picture, int c, int at) {
        byte[] planes = picture.planes();
        int plane = picture.height() * picture.width();
        return switch (channels) {
            case RGB -> planes[c * plane + at] & 0xff;
            case BGR -> planes[(2 - c) * plane + at] & 0xff;
            case GRAY -> {
                int red = planes[at] & 0xff;
                int green = planes[plane + at] & 0xff;
                int blue = planes[2 * plane + at] & 0xff;
                yield (299 * red + 587 * green + 114 * blue + 500) / 1000;
            }
        };
    }

    /** What a pixel of channel {@code c} becomes, for each of its 256 values; the order of operations is torchvision's. */
    private float[] values(int c) {
        float[] values = new float[256];
        for (int pixel = 0; pixel < values.length; pixel++) {
            float scaled = (float) (pixel * scale);
            values[pixel] = (scaled - mean[mean.length == 1 ? 0 : c]) / std[std.length == 1 ? 0 : c];
        }
        return values;
    }
}
