package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageTransformTest {
    @TempDir
    Path dir;

    private static int pixel(int c, int y, int x) {
        return c * 50 + y * 31 + x * 17 + x * y * 3 & 255;
    }

    private Path png(int height, int width) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, pixel(0, y, x) << 16 | pixel(1, y, x) << 8 | pixel(2, y, x));
            }
        }
        Path file = dir.resolve(height + "x" + width + ".png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private static ImageTransform of(DType dtype, long... dims) {
        return ImageTransform.of(new TensorSpec("x", dtype, Shape.of(dims)));
    }

    private static ImageTransform ofAnySize(DType dtype) {
        return ImageTransform.of(new TensorSpec(
                "x", dtype, Shape.ofDims(Dim.unknown("n"), Dim.of(3), Dim.unknown("h"), Dim.unknown("w"))));
    }

    /** Expected are Pillow 12's numbers, Image.resize(size, BILINEAR) of a picture of the formula above; the green plane. */
    @Test
    void resizingGivesPillowsPixels() throws IOException {
        int[] smaller = {96, 140, 176, 146, 162, 155, 110, 108, 147, 76, 136, 146};
        assertArrayEquals(smaller, green(of(DType.U8, 1, 3, 3, 4).resize(3).read(png(7, 10)), 3, 4));
        int[] wider = {
            62, 93, 127, 161, 191, 95, 131, 171, 211, 137, 128, 170, 216, 134, 47, 162, 208, 132, 56, 102, 195, 119, 49,
            107, 158, 191, 61, 93, 157, 214, 115, 68, 138, 176, 51
        };
        ImageDecoder.Picture picture;
        try (ImageDecoder decoder = new ImageDecoder()) {
            picture = decoder.decode(Files.readAllBytes(png(7, 10)), "x.png");
            assertArrayEquals(
                    wider,
                    green(
                            Tensor.ofBytes(
                                    DType.U8, Resampling.resize(picture, 7, 5).planes(), 1, 3, 7, 5),
                            7,
                            5));
            byte[] large = Resampling.resize(decoder.decode(Files.readAllBytes(png(203, 301)), "x.png"), 48, 64)
                    .planes();
            CRC32 crc = new CRC32();
            crc.update(large);
            assertEquals(2696432590L, crc.getValue(), "of 203 x 301 to 48 x 64, the three planes");
        }
        int[] largerBegin = {50, 61, 74, 87, 100, 113, 127, 140, 153, 166, 179, 192, 203, 71, 83};
        int[] larger =
                green(Tensor.ofBytes(DType.U8, Resampling.resize(picture, 9, 13).planes(), 1, 3, 9, 13), 9, 13);
        assertArrayEquals(largerBegin, Arrays.copyOf(larger, largerBegin.length));
        assertEquals(39, larger[larger.length - 1]);
    }

    private static int[] green(Tensor nchw, int height, int width) {
        assertEquals(Shape.of(1, 3, height, width), nchw.shape());
        return Arrays.copyOfRange(nchw.toIntArray(), height * width, 2 * height * width);
    }

    @Test
    void pixelsAreScaledAndNormalizedAsTorchvisionDoes() throws IOException {
        float[] mean = {0.485f, 0.456f, 0.406f};
        float[] std = {0.229f, 0.224f, 0.225f};
        Tensor x = of(DType.F32, 1, 3, 7, 10).mean(mean).std(std).read(png(7, 10));
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < 7; y++) {
                assertEquals((pixel(c, y, 3) / 255f - mean[c]) / std[c], x.getFloat(0, c, y, 3));
            }
        }
        Tensor plain = of(DType.F32, 1, 3, 7, 10).read(png(7, 10));
        assertEquals(pixel(2, 5, 6) / 255f, plain.getFloat(0, 2, 5, 6));
        Tensor bytes = of(DType.F32, 1, 3, 7, 10).scale(1).mean(128).read(png(7, 10));
        assertEquals(pixel(2, 5, 6) - 128f, bytes.getFloat(0, 2, 5, 6));
        Tensor codes = of(DType.U8, 1, 3, 7, 10).read(png(7, 10));
        assertEquals(pixel(2, 5, 6), codes.getInt(0, 2, 5, 6));
    }

    @Test
    void channelsAndLayoutFollowTheInput() throws IOException {
        Tensor bgr =
                of(DType.U8, 1, 3, 7, 10).channels(ImageTransform.Channels.BGR).read(png(7, 10));
        assertEquals(pixel(2, 1, 2), bgr.getInt(0, 0, 1, 2));
        assertEquals(pixel(0, 1, 2), bgr.getInt(0, 2, 1, 2));
        Tensor nhwc = of(DType.U8, Shape.N, 7, 10, 3).read(png(7, 10));
        assertEquals(Shape.of(1, 7, 10, 3), nhwc.shape());
        assertEquals(pixel(2, 5, 6), nhwc.getInt(0, 5, 6, 2));
        Tensor grey = of(DType.U8, 1, 1, 7, 10).read(png(7, 10));
        double luma = 0.299 * pixel(0, 4, 4) + 0.587 * pixel(1, 4, 4) + 0.114 * pixel(2, 4, 4);
        assertEquals(luma, grey.getInt(0, 0, 4, 4), 0.51);
        assertEquals(Shape.of(3, 7, 10), of(DType.U8, 3, 7, 10).read(png(7, 10)).shape());
        // [1, 3, 3, 3] may be either: the caller says.
        Tensor small =
                of(DType.U8, 1, 3, 3, 3).layout(ImageTransform.Layout.NHWC).read(png(3, 3));
        assertEquals(pixel(1, 0, 2), small.getInt(0, 0, 2, 1));
        assertThrows(
                ShapeMismatchException.class, () -> of(DType.F32, 1, 1, 7, 10).channels(ImageTransform.Channels.RGB));
        assertThrows(
                ShapeMismatchException.class, () -> of(DType.F32, 1, 3, 7, 10).layout(ImageTransform.Layout.NHWC));
    }

    @Test
    void theCentreIsCutOut() throws IOException {
        Tensor same = ofAnySize(DType.U8).read(png(7, 10));
        assertEquals(Shape.of(1, 3, 7, 10), same.shape());
        Tensor centre = ofAnySize(DType.U8).resize(7).crop(4, 4).read(png(7, 10));
        assertEquals(pixel(0, 2, 3), centre.getInt(0, 0, 0, 0)); // (7 - 4) / 2 is rounded to even, as in Python
        assertEquals(pixel(1, 5, 6), centre.getInt(0, 1, 3, 3));
        // Without resize a picture just covers the crop: 7 x 10 to 14 x 20, of which 14 x 14 are cut out.
        assertEquals(
                Shape.of(1, 3, 14, 14),
                of(DType.F32, Shape.N, 3, 14, 14).read(png(7, 10)).shape());
        // Rows are fixed, columns follow.
        ImageTransform lines = ImageTransform.of(new TensorSpec(
                "x", DType.F32, Shape.ofDims(Dim.unknown("n"), Dim.of(3), Dim.of(14), Dim.unknown("w"))));
        assertEquals(Shape.of(1, 3, 14, 20), lines.read(png(7, 10)).shape());
        String message = assertThrows(
                        InvalidValueException.class,
                        () -> ofAnySize(DType.F32).resize(7).crop(8, 8).read(png(7, 10)))
                .getMessage();
        assertTrue(message.contains("7x10.png") && message.contains("8 x 8"), message);
    }

    @Test
    void whatCannotBeIsRefused() throws IOException {
        assertThrows(ShapeMismatchException.class, () -> of(DType.F32, 1, 10));
        assertThrows(ShapeMismatchException.class, () -> of(DType.S64, 1, 3, 7, 10));
        assertThrows(ShapeMismatchException.class, () -> of(DType.F32, 1, 5, 7, 10));
        assertThrows(
                ShapeMismatchException.class, () -> of(DType.F32, 1, 3, 7, 10).crop(8, 10));
        assertThrows(
                InvalidValueException.class, () -> of(DType.F32, 1, 3, 7, 10).mean(1, 2));
        assertThrows(
                InvalidValueException.class, () -> of(DType.F32, 1, 3, 7, 10).std(0));
        assertThrows(
                InvalidValueException.class, () -> of(DType.F32, 1, 3, 7, 10).scale(Double.NaN));
        assertThrows(
                InvalidValueException.class, () -> of(DType.F32, 1, 3, 7, 10).resize(0));
        Path file = png(7, 10);
        assertThrows(
                InvalidValueException.class,
                () -> of(DType.U8, 1, 3, 7, 10).mean(0.5f).read(file));
        Path broken = Files.write(dir.resolve("broken.jpg"), new byte[] {(byte) 0xff, (byte) 0xd8, 1, 2, 3});
        ImageTransform transform = of(DType.F32, 1, 3, 7, 10);
        assertTrue(assertThrows(CorruptDataException.class, () -> transform.read(broken))
                .getMessage()
                .contains("broken.jpg"));
        assertThrows(DataNotFoundException.class, () -> transform.read(dir.resolve("none.png")));
    }

    /** A file of a few bytes that says it is of 60,000 x 60,000 pixels. */
    @Test
    void hugePicturesAreRefusedByTheirHeader() throws IOException {
        byte[] png = Files.readAllBytes(png(7, 10));
        for (int at : new int[] {16, 20}) { // width and height in the IHDR chunk
            png[at] = 0;
            png[at + 1] = 0;
            png[at + 2] = (byte) (60000 >> 8);
            png[at + 3] = (byte) 60000;
        }
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        for (int i = 0; i < 4; i++) {
            png[29 + i] = (byte) (crc.getValue() >> (24 - 8 * i));
        }
        Path file = Files.write(dir.resolve("huge.png"), png);
        String message = assertThrows(
                        CorruptDataException.class, () -> ofAnySize(DType.F32).read(file))
                .getMessage();
        assertTrue(message.contains("huge.png") && message.contains("60000"), message);
    }
}
