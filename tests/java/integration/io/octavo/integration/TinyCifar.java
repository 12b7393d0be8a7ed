package io.octavo.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Files in CIFAR-10's binary layout whose classes are easy to tell apart: a colour or a pattern a class, with noise. */
final class TinyCifar {
    private static final int PLANE = 32 * 32;

    private TinyCifar() {}

    /** Writes one training file and one test file into {@code folder} and returns it. */
    static Path write(Path folder, int training, int test) throws IOException {
        Files.write(folder.resolve("data_batch_1.bin"), records(training, 1));
        Files.write(folder.resolve("test_batch.bin"), records(test, 2));
        return folder;
    }

    private static byte[] records(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = new byte[count * (1 + 3 * PLANE)];
        int at = 0;
        for (int i = 0; i < count; i++) {
            int label = i % 10;
            bytes[at++] = (byte) label;
            for (int channel = 0; channel < 3; channel++) {
                for (int pixel = 0; pixel < PLANE; pixel++) {
                    int base = brightness(label, channel, pixel);
                    bytes[at++] = (byte) (base + random.nextInt(-20, 21));
                }
            }
        }
        return bytes;
    }

    /** Eight colours, one a combination of channels; class 8 has rows, class 9 columns. */
    private static int brightness(int label, int channel, int pixel) {
        int at = label < 8 ? label >> channel : label == 8 ? pixel / 32 / 4 : pixel % 32 / 4;
        return (at & 1) == 0 ? 40 : 210;
    }
}
