package io.octavo.data;

import io.octavo.tensor.Shape;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes JPEG and PNG files into bytes in channel, row, column order. Keeps its readers between images, which is what makes many
 * small images quick; so it belongs to one thread.
 */
final class ImageDecoder implements AutoCloseable {
    /** What claims to have more is refused before memory is taken for it. */
    private static final long MAX_PIXELS = 100_000_000;

    private final ImageReader jpeg = reader("jpeg");
    private final ImageReader png = reader("png");

    /** A picture: its red, green and blue plane, one behind the other. */
    record Picture(int height, int width, byte[] planes) {}

    /** The shape {@code [3, H, W]} of an image, from its header alone. */
    static Shape shape(byte[] file, String name) throws IOException {
        try (ImageDecoder decoder = new ImageDecoder()) {
            ImageReader reader = decoder.readerOf(name);
            try (ImageInputStream stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
                reader.setInput(stream, true, true);
                return Shape.of(3, reader.getHeight(0), reader.getWidth(0));
            } catch (RuntimeException e) {
                throw new IOException(e.toString(), e);
            }
        }
    }

    /** Decodes a file of pictures that are all of one size; red, green and blue plane go to {@code into} from {@code offset} on. */
    void decode(byte[] file, String name, int height, int width, byte[] into, int offset) throws IOException {
        decode(file, name, (foundHeight, foundWidth) -> {
            if (foundHeight != height || foundWidth != width) {
                throw new IOException("it is " + foundHeight + " x " + foundWidth + " pixels, the others are " + height
                        + " x " + width);
            }
            return new Target(into, offset);
        });
    }

    /** Decodes a file of whatever size. */
    Picture decode(byte[] file, String name) throws IOException {
        Picture[] made = new Picture[1];
        decode(file, name, (height, width) -> {
            if ((long) height * width > MAX_PIXELS) {
                throw new IOException(
                        "it is " + height + " x " + width + " pixels; at most " + MAX_PIXELS + " are read");
            }
            made[0] = new Picture(height, width, new byte[3 * height * width]);
            return new Target(made[0].planes(), 0);
        });
        return made[0];
    }

    /** Where the planes go. */
    private record Target(byte[] into, int offset) {}

    /** Says where the planes of a picture of that size go, or refuses it. */
    private interface Sized {
        Target target(int height, int width) throws IOException;
    }

    private void decode(byte[] file, String name, Sized sized) throws IOException {
        ImageReader reader = readerOf(name);
        try (ImageInputStream stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(stream, true, true);
            Target target = sized.target(reader.getHeight(0), reader.getWidth(0));
            if (reader == jpeg && !hasJpegEnd(file)) {
                throw new IOException("it is cut short (no end-of-image marker)");
            }
            planes(reader.read(0), target.into(), target.offset());
        } catch (RuntimeException e) {
            // The JDK's readers answer some damaged files with unchecked exceptions.
            throw new IOException(e.toString(), e);
        } finally {
            reader.reset();
        }
    }

    @Override
    public void close() {
        jpeg.dispose();
        png.dispose();
    }

    private ImageReader readerOf(String name) {
        return name.toLowerCase(Locale.ROOT).endsWith(".png") ? png : jpeg;
    }

    private static ImageReader reader(String format) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        if (!readers.hasNext()) {
            throw new IllegalStateException("this Java runtime has no reader of " + format + " images");
        }
        return readers.next();
    }

    /**
     * The JDK's reader fills the rest of a JPEG that was cut off with grey and says nothing: so look for the end marker, behind the
     * segments of the head, which may hold a whole picture of their own (a camera's thumbnail, with its own end). A segment is
     * FF, marker, and a length that counts itself; the image's data begin with the first scan, marker DA (ITU-T T.81, annex B).
     */
    private static boolean hasJpegEnd(byte[] file) {
        int at = 2;
        while (at + 4 <= file.length && file[at] == (byte) 0xff) {
            int marker = file[at + 1] & 0xff;
            if (marker == 0xff) {
                at++; // fill byte
                continue;
            }
            at += 2 + ((file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff);
            if (marker == 0xda) {
                break;
            }
        }
        for (int i = file.length - 2; i >= at; i--) {
            if (file[i] == (byte) 0xff && file[i + 1] == (byte) 0xd9) {
                return true;
            }
        }
        return false;
    }

    private static void planes(BufferedImage image, byte[] into, int offset) {
        int height = image.getHeight();
        int width = image.getWidth();
        int plane = height * width;
        if (image.getType() == BufferedImage.TYPE_3BYTE_BGR
                && image.getRaster().getDataBuffer() instanceof DataBufferByte bytes) {
            byte[] bgr = bytes.getData();
            for (int i = 0; i < plane; i++) {
                into[offset + i] = bgr[3 * i + 2];
                into[offset + plane + i] = bgr[3 * i + 1];
                into[offset + 2 * plane + i] = bgr[3 * i];
            }
            return;
        }
        Raster raster = image.getRaster();
        if (raster.getNumBands() <= 2 && image.getColorModel() instanceof ComponentColorModel) {
            // Grey as it is stored: getRGB would take it for linear light and brighten it.
            int shift = raster.getSampleModel().getSampleSize(0) - 8;
            for (int i = 0; i < plane; i++) {
                byte grey = (byte) (raster.getSample(i % width, i / width, 0) >> shift);
                into[offset + i] = grey;
                into[offset + plane + i] = grey;
                into[offset + 2 * plane + i] = grey;
            }
            return;
        }
        // Palette, transparency (ignored), 16 bits a channel: through the colour model.
        int[] argb = image.getRGB(0, 0, width, height, null, 0, width);
        for (int i = 0; i < plane; i++) {
            into[offset + i] = (byte) (argb[i] >> 16);
            into[offset + plane + i] = (byte) (argb[i] >> 8);
            into[offset + 2 * plane + i] = (byte) argb[i];
        }
    }
}
