package io.octavo.data;

/**
 * Resizes planes of bytes with the triangle filter: linear between pixels where a picture grows, an average of all that a new pixel
 * covers where it shrinks. Columns first, then rows, each rounded to bytes, with weights in steps of 2^-22: the arithmetic of Pillow's
 * BILINEAR, which torchvision's Resize is, so that a picture has the same pixels as there.
 */
final class Resampling {
    private static final int PRECISION =
            22; // bits behind the point: 8 for the pixel and a sign are left of 32, and one to spare

    private Resampling() {}

    /** The weights of old pixels {@code from[i], from[i] + 1 ..} for each new pixel i. */
    private record Filter(int[] from, int[][] weights) {
        static Filter of(int size, int wanted) {
            double scale = (double) size / wanted;
            double reach = Math.max(scale, 1);
            int[] from = new int[wanted];
            int[][] weights = new int[wanted][];
            for (int i = 0; i < wanted; i++) {
                double centre = (i + 0.5) * scale;
                from[i] = Math.max(0, (int) (centre - reach + 0.5));
                int count = Math.min(size, (int) (centre + reach + 0.5)) - from[i];
                double[] exact = new double[count];
                double sum = 0;
                for (int j = 0; j < count; j++) {
                    exact[j] = Math.max(0, 1 - Math.abs((j + from[i] - centre + 0.5) / reach));
                    sum += exact[j];
                }
                weights[i] = new int[count];
                for (int j = 0; j < count; j++) {
                    weights[i][j] = (int) (0.5 + exact[j] / sum * (1 << PRECISION));
                }
            }
            return new Filter(from, weights);
        }

        /** New pixel {@code i} of the line that begins at {@code start}, its pixels {@code step} apart. */
        byte pixel(byte[] line, int start, int step, int i) {
            int sum = 1 << (PRECISION - 1);
            int at = start + from[i] * step;
            for (int weight : weights[i]) {
                sum += weight * (line[at] & 0xff);
                at += step;
            }
            return (byte) Math.min(sum >> PRECISION, 255);
        }
    }

    /** A picture of {@code height} x {@code width} pixels. */
    static ImageDecoder.Picture resize(ImageDecoder.Picture picture, int height, int width) {
        ImageDecoder.Picture wide = picture.width() == width ? picture : columns(picture, width);
        return wide.height() == height ? wide : rows(wide, height);
    }

    private static ImageDecoder.Picture columns(ImageDecoder.Picture old, int width) {
        Filter filter = Filter.of(old.width(), width);
        int lines = 3 * old.height();
        byte[] planes = new byte[Math.multiplyExact(lines, width)];
        for (int line = 0; line < lines; line++) {
            for (int x = 0; x < width; x++) {
                planes[line * width + x] = filter.pixel(old.planes(), line * old.width(), 1, x);
            }
        }
        return new ImageDecoder.Picture(old.height(), width, planes);
    }

    private static ImageDecoder.Picture rows(ImageDecoder.Picture old, int height) {
        Filter filter = Filter.of(old.height(), height);
        int width = old.width();
        byte[] planes = new byte[Math.multiplyExact(3 * height, width)];
        for (int plane = 0; plane < 3; plane++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    planes[(plane * height + y) * width + x] =
                            filter.pixel(old.planes(), plane * old.height() * width + x, width, y);
                }
            }
        }
        return new ImageDecoder.Picture(height, width, planes);
    }
}
