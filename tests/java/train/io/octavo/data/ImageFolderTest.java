package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.natives.ChildJvm;
import io.octavo.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path dir;

    /** Two training images and a test image a class, 32 x 32. */
    static Map<String, byte[]> cifarImages() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (int c = 0; c < 10; c++) {
            String name = Cifar10.CLASSES.get(c);
            files.put("train/" + name + "/1.jpg", TinyData.jpeg(32, 32, c));
            files.put("train/" + name + "/0.png", TinyData.png(32, 32, 2 * c));
            files.put("test/" + name + "/0.png", TinyData.png(32, 32, 3 * c));
        }
        return files;
    }

    private static Map<String, byte[]> zoo() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("train/zebra/a.png", TinyData.png(5, 7, 1));
        files.put("train/ape/b.PNG", TinyData.png(5, 7, 2));
        files.put("train/ape/a.png", TinyData.png(5, 7, 3));
        files.put("test/zebra/a.png", TinyData.png(5, 7, 4));
        files.put("test/ape/a.png", TinyData.png(5, 7, 5));
        files.put("train/ape/notes.txt", new byte[] {1});
        files.put("train/ape/.hidden.png", new byte[] {1});
        files.put("train/stray.png", new byte[] {1});
        files.put("readme.md", new byte[] {1});
        return files;
    }

    @Test
    void folderAndZipGiveTheSame() throws IOException {
        TinyData.writeFolder(dir.resolve("zoo"), zoo());
        TinyData.writeZip(dir.resolve("zoo.zip"), zoo());
        Map<String, byte[]> deeper = new TreeMap<>();
        zoo().forEach((name, bytes) -> deeper.put("some/place/" + name, bytes));
        deeper.put("__MACOSX/train/ape/a.png", new byte[] {1});
        TinyData.writeZip(dir.resolve("deeper.zip"), deeper);
        for (String name : List.of("zoo", "zoo.zip", "deeper.zip")) {
            TrainTest data = ImageFolder.open(dir.resolve(name));
            assertEquals(List.of("ape", "zebra"), data.train().classNames(), name);
            assertEquals(Shape.of(3, 5, 7), data.train().imageShape());
            assertEquals(3, data.train().size());
            assertEquals(2, data.test().size());
            assertArrayEquals(
                    new int[] {0, 0, 1},
                    IntStream.range(0, 3).map(data.train()::label).toArray());
            assertArrayEquals(planes(5, 7, 3), TinyData.pixels(data.train(), 0));
            assertArrayEquals(planes(5, 7, 2), TinyData.pixels(data.train(), 1));
            assertArrayEquals(planes(5, 7, 1), TinyData.pixels(data.train(), 2));
            assertEquals(name.equals("deeper.zip") ? "deeper" : "zoo", data.name());
        }
    }

    @Test
    void cifarNamesKeepTheOfficialOrder() throws IOException {
        TinyData.writeZip(dir.resolve("c.zip"), cifarImages());
        TrainTest data = ImageFolder.open(dir.resolve("c.zip"));
        assertEquals(Cifar10.CLASSES, data.train().classNames());
        for (int c = 0; c < 10; c++) {
            assertEquals(c, data.test().label(c));
            assertArrayEquals(planes(32, 32, 3 * c), TinyData.pixels(data.test(), c));
            // A JPEG is near its original only.
            byte[] exact = planes(32, 32, c);
            byte[] decoded = TinyData.pixels(data.train(), 2 * c + 1);
            long error = 0;
            for (int i = 0; i < exact.length; i++) {
                error += Math.abs((exact[i] & 0xff) - (decoded[i] & 0xff));
            }
            assertTrue(error < 8L * exact.length, "mean error " + (double) error / exact.length);
        }
    }

    @Test
    void greyPaletteAndTransparentImagesBecomeThreeChannels() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("train/a/grey.png", TinyData.image("png", BufferedImage.TYPE_BYTE_GRAY, 4, 4, 90));
        files.put("train/b/alpha.png", TinyData.image("png", BufferedImage.TYPE_INT_ARGB, 4, 4, 20));
        files.put("test/a/indexed.png", TinyData.image("png", BufferedImage.TYPE_BYTE_INDEXED, 4, 4, 20));
        files.put("test/b/grey.jpg", TinyData.image("jpg", BufferedImage.TYPE_BYTE_GRAY, 4, 4, 90));
        TinyData.writeFolder(dir, files);
        TrainTest data = ImageFolder.open(dir);
        byte[] grey = TinyData.pixels(data.train(), 0);
        for (int i = 0; i < 16; i++) {
            int expected = 90 + 7 * (i / 4) + i % 4;
            assertEquals(expected, grey[i] & 0xff);
            assertEquals(expected, grey[16 + i] & 0xff);
            assertEquals(expected, grey[32 + i] & 0xff);
        }
        assertArrayEquals(planes(4, 4, 20), TinyData.pixels(data.train(), 1));
        byte[] greyJpeg = TinyData.pixels(data.test(), 1);
        assertTrue(Math.abs((greyJpeg[0] & 0xff) - 90) < 6, "grey is " + (greyJpeg[0] & 0xff));
    }

    @Test
    void unreadableImagesAreNamed() throws IOException {
        byte[] jpeg = TinyData.jpeg(32, 32, 1);
        Map<String, byte[]> bad = Map.of(
                "text.jpg", "this is no image".getBytes(),
                "empty.png", new byte[0],
                "cut.jpg", Arrays.copyOf(jpeg, jpeg.length * 3 / 4),
                "cut.png", Arrays.copyOf(TinyData.png(32, 32, 1), 70),
                "large.png", TinyData.png(33, 32, 1));
        for (Map.Entry<String, byte[]> file : bad.entrySet()) {
            Map<String, byte[]> files = cifarImages();
            files.put("train/dog/" + file.getKey(), file.getValue());
            Path zip = dir.resolve("bad.zip");
            TinyData.writeZip(zip, files);
            String message = assertThrows(CorruptDataException.class, () -> Cifar10.open(zip), file.getKey())
                    .getMessage();
            assertTrue(message.contains("train/dog/" + file.getKey()), message);
        }
    }

    @Test
    void damagedBytesNeverEscapeAsAnotherError() throws IOException {
        byte[] jpeg = TinyData.jpeg(32, 32, 1);
        int refused = 0;
        for (int i = 0; i < jpeg.length; i += 3) {
            byte[] damaged = jpeg.clone();
            damaged[i] ^= 0x81;
            try (ImageDecoder decoder = new ImageDecoder()) {
                decoder.decode(damaged, "x.jpg", 32, 32, new byte[3 * 32 * 32], 0);
            } catch (IOException e) {
                refused++;
            }
        }
        assertTrue(refused > 0);
    }

    @Test
    void wrongClassesAreRefused() throws IOException {
        Map<String, byte[]> nine = cifarImages();
        nine.keySet().removeIf(name -> name.contains("/truck/"));
        TinyData.writeZip(dir.resolve("nine.zip"), nine);
        String message = assertThrows(CorruptDataException.class, () -> Cifar10.open(dir.resolve("nine.zip")))
                .getMessage();
        assertTrue(message.contains("9 classes") && message.contains("10"), message);
        assertEquals(9, ImageFolder.open(dir.resolve("nine.zip")).train().classes());

        Map<String, byte[]> odd = cifarImages();
        odd.remove("test/frog/0.png");
        TinyData.writeZip(dir.resolve("odd.zip"), odd);
        message = assertThrows(CorruptDataException.class, () -> ImageFolder.open(dir.resolve("odd.zip")))
                .getMessage();
        assertTrue(message.contains("frog"), message);
    }

    @Test
    void whatIsNotThereIsSaid() throws IOException {
        assertThrows(DataNotFoundException.class, () -> ImageFolder.open(dir));
        assertThrows(DataNotFoundException.class, () -> ImageFolder.open(dir.resolve("absent.zip")));
        Files.createDirectories(dir.resolve("train"));
        Files.createDirectories(dir.resolve("test"));
        assertThrows(DataNotFoundException.class, () -> ImageFolder.open(dir));
        TinyData.writeZip(dir.resolve("good.zip"), cifarImages());
        byte[] zip = Files.readAllBytes(dir.resolve("good.zip"));
        Files.write(dir.resolve("bad.zip"), Arrays.copyOf(zip, zip.length - 30));
        assertThrows(CorruptDataException.class, () -> ImageFolder.open(dir.resolve("bad.zip")));
    }

    @Test
    void progressComesToTheCallersThreadAndEndsAtTheTotal() throws IOException {
        TinyData.writeZip(dir.resolve("c.zip"), cifarImages());
        Thread here = Thread.currentThread();
        long[] last = {-1, -1};
        ImageFolder.open(dir.resolve("c.zip"), (task, done, total) -> {
            assertEquals(here, Thread.currentThread());
            assertTrue(done >= last[0] && done <= total);
            last[0] = done;
            last[1] = total;
        });
        assertArrayEquals(new long[] {30, 30}, last);
    }

    @Test
    void aJpegThatIsCutIsRefusedThoughItsHeadHoldsAWholeThumbnail() throws IOException {
        byte[] whole = TinyData.jpeg(32, 32, 1);
        byte[] thumbnail = TinyData.jpeg(8, 8, 1);
        for (byte[] picture : List.of(whole, Arrays.copyOf(whole, whole.length - 40))) {
            ByteArrayOutputStream withThumbnail = new ByteArrayOutputStream();
            int length = 2 + "Exif\0\0".length() + thumbnail.length;
            withThumbnail.write(picture, 0, 2);
            withThumbnail.write(new byte[] {(byte) 0xff, (byte) 0xe1, (byte) (length >> 8), (byte) length});
            withThumbnail.write("Exif\0\0".getBytes());
            withThumbnail.write(thumbnail);
            withThumbnail.write(picture, 2, picture.length - 2);
            byte[] file = withThumbnail.toByteArray();
            try (ImageDecoder decoder = new ImageDecoder()) {
                if (picture == whole) {
                    decoder.decode(file, "x.jpg", 32, 32, new byte[3 * 32 * 32], 0);
                } else {
                    String message = assertThrows(
                                    IOException.class,
                                    () -> decoder.decode(file, "x.jpg", 32, 32, new byte[3 * 32 * 32], 0))
                            .getMessage();
                    assertTrue(message.contains("cut short"), message);
                }
            }
        }
    }

    @Test
    void linksAreFollowed() throws IOException {
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
        Files.write(elsewhere.resolve("0.png"), TinyData.png(5, 7, 9));
        TinyData.writeFolder(dir.resolve("zoo"), zoo());
        for (String split : List.of("train", "test")) {
            Files.createSymbolicLink(dir.resolve("zoo").resolve(split).resolve("bird"), elsewhere);
        }
        Files.createSymbolicLink(dir.resolve("zoo/train/ape/c.png"), elsewhere.resolve("0.png"));
        TrainTest data = ImageFolder.open(dir.resolve("zoo"));
        assertEquals(List.of("ape", "bird", "zebra"), data.train().classNames());
        assertEquals(5, data.train().size());
        assertArrayEquals(planes(5, 7, 9), TinyData.pixels(data.train(), 2));
        assertArrayEquals(planes(5, 7, 9), TinyData.pixels(data.train(), 3));

        Files.createSymbolicLink(dir.resolve("zoo/train/ape/nowhere.png"), dir.resolve("absent.png"));
        String message = assertThrows(DataException.class, () -> ImageFolder.open(dir.resolve("zoo")))
                .getMessage();
        assertTrue(message.contains("train/ape/nowhere.png"), message);
    }

    /** In the C locale, which a container without LANG has, a path's text has no letters beyond ASCII. */
    @Test
    void namesAreUtf8WhateverTheLocale() throws Exception {
        Files.write(dir.resolve("some.png"), TinyData.png(4, 4, 1));
        String script =
                "for s in train test; do for c in \"$(printf '\\303\\251')\" \"$(printf '\\303\\274')\" a+b%; do"
                        + " mkdir -p \"$s/$c\" && cp some.png \"$s/$c/0.png\" || exit 1; done; done";
        assertEquals(
                0,
                new ProcessBuilder("sh", "-c", script)
                        .directory(dir.toFile())
                        .start()
                        .waitFor());
        for (String locale : List.of("C", "C.UTF-8")) {
            List<String> printed = ChildJvm.run(
                            Map.of("LC_ALL", locale),
                            System.getProperty("java.class.path"),
                            List.of(),
                            ClassNames.class,
                            dir.toString())
                    .out();
            assertEquals(List.of("97 43 98 37", "233", "252"), printed, locale);
        }
    }

    /** Prints the class names of a folder as numbers. */
    static final class ClassNames {
        public static void main(String[] folder) {
            for (String name : ImageFolder.open(Path.of(folder[0])).train().classNames()) {
                System.out.println(name.chars().mapToObj(Integer::toString).collect(Collectors.joining(" ")));
            }
        }
    }

    @Test
    void nullsAreNamed() {
        assertTrue(assertThrows(InvalidValueException.class, () -> ImageFolder.open(dir, null))
                .getMessage()
                .contains("listener"));
        assertTrue(assertThrows(InvalidValueException.class, () -> Datasets.find(dir, null))
                .getMessage()
                .contains("listener"));
        assertTrue(assertThrows(InvalidValueException.class, () -> Cifar10.open(null, ProgressListener.NONE))
                .getMessage()
                .contains("path"));
    }

    private static byte[] planes(int height, int width, int seed) {
        byte[] planes = new byte[3 * height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = TinyData.rgb(seed, y, x);
                planes[y * width + x] = (byte) (rgb >> 16);
                planes[(height + y) * width + x] = (byte) (rgb >> 8);
                planes[(2 * height + y) * width + x] = (byte) rgb;
            }
        }
        return planes;
    }
}
