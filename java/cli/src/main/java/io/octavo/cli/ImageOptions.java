package io.octavo.cli;

import io.octavo.OctavoException;
import io.octavo.data.ImageTransform;
import io.octavo.data.Samples;
import io.octavo.tensor.TensorSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How pictures become what a network reads. */
final class ImageOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--mean",
            paramLabel = "M[,M,M]",
            converter = NumbersConverter.class,
            description = "Of pictures: subtracted from the scaled pixels, one number or one a channel (default: 0).")
    private Numbers mean;

    @Option(
            names = "--std",
            paramLabel = "S[,S,S]",
            converter = NumbersConverter.class,
            description = "Of pictures: what they are divided by after that (default: 1).")
    private Numbers std;

    @Option(
            names = "--scale",
            paramLabel = "F",
            converter = RatioConverter.class,
            description = "Of pictures: factor of the pixels 0..255 (default: 1/255, and none for U8 inputs).")
    private Double scale;

    @Option(
            names = "--size",
            paramLabel = "HxW",
            converter = SizeConverter.class,
            description =
                    "Of pictures: what is cut out of the centre, as 224x224 or 224 (default: what the model's input says, or"
                            + " all). Without --resize a picture is made just so large that it covers this.")
    private Size size;

    @Option(
            names = "--resize",
            paramLabel = "N",
            description = "Of pictures: resizes the shorter side to so many pixels first.")
    private Integer resize;

    @Option(
            names = "--channels",
            paramLabel = "ORDER",
            description =
                    "Of pictures: ${COMPLETION-CANDIDATES} (default: rgb, or gray where the input has one channel).")
    private Order channels;

    @Option(
            names = "--layout",
            paramLabel = "LAYOUT",
            description = "Of pictures: ${COMPLETION-CANDIDATES}, where the input's shape does not tell.")
    private Places layout;

    /** The order of channels as it is written on a command line. */
    enum Order {
        rgb,
        bgr,
        gray
    }

    /** The order of dimensions as it is written on a command line. */
    enum Places {
        nchw,
        nhwc
    }

    /** The samples of a file or folder, pictures as the options say. */
    Samples samples(Path path, List<TensorSpec> inputs) {
        boolean asked = mean != null || std != null || scale != null || size != null || resize != null;
        boolean pictures = Files.isDirectory(path)
                || path.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jpg|jpeg|png)");
        if (inputs.size() != 1 || !pictures || !asked && channels == null && layout == null) {
            return Samples.open(path, inputs);
        }
        return Samples.open(path, inputs, transform(inputs.get(0)));
    }

    private ImageTransform transform(TensorSpec input) {
        try {
            ImageTransform transform = ImageTransform.of(input);
            if (layout != null) {
                transform = transform.layout(ImageTransform.Layout.valueOf(upper(layout)));
            }
            if (channels != null) {
                transform = transform.channels(ImageTransform.Channels.valueOf(upper(channels)));
            }
            transform = size == null ? transform : transform.crop(size.height(), size.width());
            transform = resize == null ? transform : transform.resize(resize);
            transform = scale == null ? transform : transform.scale(scale);
            transform = mean == null ? transform : transform.mean(mean.values());
            return std == null ? transform : transform.std(std.values());
        } catch (OctavoException e) {
            throw Checks.usage(spec, e.getMessage());
        }
    }

    private static String upper(Enum<?> value) {
        return value.name().toUpperCase(Locale.ROOT);
    }

    /** Numbers with commas between them. */
    record Numbers(float... values) {}

    /** Rows and columns of pixels. */
    record Size(int height, int width) {}

    static final class NumbersConverter implements ITypeConverter<Numbers> {
        @Override
        public Numbers convert(String text) {
            String[] parts = text.split(",", -1);
            float[] values = new float[parts.length];
            for (int i = 0; i < parts.length; i++) {
                values[i] = (float) real(parts[i]);
            }
            return new Numbers(values);
        }
    }

    static final class RatioConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            int slash = text.indexOf('/');
            return slash < 0 ? real(text) : real(text.substring(0, slash)) / real(text.substring(slash + 1));
        }
    }

    static final class SizeConverter implements ITypeConverter<Size> {
        private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,8})(?:x([1-9][0-9]{0,8}))?");

        @Override
        public Size convert(String text) {
            Matcher parts = SIZE.matcher(text);
            if (parts.matches()) {
                int height = Integer.parseInt(parts.group(1));
                return new Size(height, parts.group(2) == null ? height : Integer.parseInt(parts.group(2)));
            }
            throw new TypeConversionException("'" + text + "' is no size: as 224x224 or 224");
        }
    }

    private static double real(String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is no number");
        }
    }
}
