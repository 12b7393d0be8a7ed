package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplesTest {
    private static final List<TensorSpec> ONE = List.of(new TensorSpec("x", DType.F32, Shape.of(Shape.N, 2)));
    private static final List<TensorSpec> IMAGE = List.of(new TensorSpec("x", DType.F32, Shape.of(Shape.N, 3, 4, 4)));
    private static final List<TensorSpec> TWO = List.of(
            new TensorSpec("left", DType.F32, Shape.of(Shape.N, 2)),
            new TensorSpec("ids", DType.S64, Shape.ofDims(Dim.unknown("N"), Dim.unknown("length"))));

    @TempDir
    Path dir;

    private static List<List<Tensor>> all(Samples samples, List<TensorSpec> specs) {
        List<String> names = specs.stream().map(TensorSpec::name).toList();
        List<List<Tensor>> all = new ArrayList<>();
        for (Inputs inputs : samples) {
            all.add(inputs.tensors(names));
        }
        return all;
    }

    private static List<Float> firsts(Samples samples) {
        return all(samples, ONE).stream()
                .map(sample -> sample.get(0).floats().get(0))
                .toList();
    }

    private Path npy(String name, Tensor tensor) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Npy.write(file, tensor);
        return file;
    }

    private static Tensor pair(float value) {
        return Tensor.of(new float[] {value, 0}, 1, 2);
    }

    @Test
    void aFolderIsReadInTheOrderOfItsPathsWithAllBelow() throws IOException {
        npy("data/b/2.npy", pair(4));
        npy("data/a.npy", pair(1));
        npy("data/b/1.npy", pair(3));
        npy("data/B.npy", pair(0));
        npy("data/b/.hidden.npy", pair(9));
        npy("data/.git/c.npy", pair(9));
        Files.writeString(dir.resolve("data/readme.md"), "no tensor");
        Files.createSymbolicLink(dir.resolve("data/b/0.npy"), dir.resolve("data/a.npy"));
        Samples samples = Samples.open(dir.resolve("data"), ONE);
        assertEquals(5, samples.size());
        assertEquals(List.of(0f, 1f, 1f, 3f, 4f), firsts(samples));
        assertEquals(List.of(0f, 1f, 1f, 3f, 4f), firsts(samples), "again in every pass");
        assertEquals(List.of(0f, 1f), firsts(samples.take(2)));
        assertEquals(List.of(0f, 1f, 3f), firsts(samples.take(3)));
        assertEquals(5, samples.take(100).size());
        assertThrows(InvalidValueException.class, () -> samples.take(0));
    }

    @Test
    void takingSpreadsOverAllSamples() throws IOException {
        for (int i = 0; i < 10; i++) {
            npy("data/" + i + ".npy", pair(i));
        }
        assertEquals(
                List.of(0f, 2f, 4f, 6f, 8f),
                firsts(Samples.open(dir.resolve("data"), ONE).take(5)));
    }

    @Test
    void picturesAreReadOneByOne() throws IOException {
        Files.createDirectories(dir.resolve("cats"));
        Files.write(dir.resolve("cats/a.png"), TinyData.png(4, 4, 1));
        Files.write(dir.resolve("cats/b.JPG"), TinyData.jpeg(8, 12, 2));
        List<List<Tensor>> read = all(Samples.open(dir, IMAGE), IMAGE);
        assertEquals(2, read.size());
        assertEquals("F32 [1, 3, 4, 4]", read.get(0).get(0).toString());
        assertEquals("F32 [1, 3, 4, 4]", read.get(1).get(0).toString());
        Tensor own = ImageTransform.of(IMAGE.get(0)).mean(0.5f).read(dir.resolve("cats/a.png"));
        ImageTransform transform = ImageTransform.of(IMAGE.get(0)).mean(0.5f);
        assertArrayEquals(
                own.toFloatArray(),
                all(Samples.open(dir, IMAGE, transform), IMAGE).get(0).get(0).toFloatArray());
        Path one = dir.resolve("cats/a.png");
        assertEquals(1, Samples.open(one, IMAGE).size());
    }

    @Test
    void aFixedBatchTakesSoManyPictures() throws IOException {
        for (int i = 0; i < 5; i++) {
            Files.write(dir.resolve(i + ".png"), TinyData.png(4, 4, i));
        }
        List<TensorSpec> two = List.of(new TensorSpec("x", DType.U8, Shape.of(2, 3, 4, 4)));
        List<List<Tensor>> read = all(Samples.open(dir, two), two);
        assertEquals(2, read.size(), "the fifth fills no batch");
        Tensor third = ImageTransform.of(IMAGE.get(0)).scale(1).read(dir.resolve("3.png"));
        assertEquals(third.getFloat(0, 2, 3, 1), read.get(1).get(0).getInt(1, 2, 3, 1));
        List<TensorSpec> many = List.of(new TensorSpec("x", DType.U8, Shape.of(8, 3, 4, 4)));
        assertThrows(ShapeMismatchException.class, () -> Samples.open(dir, many));
    }

    @Test
    void arraysAreFittedAndCut() throws IOException {
        npy("a.npy", Tensor.ofInts(new int[] {1, 2}, 2)); // no batch, integers
        assertEquals(List.of(1f), firsts(Samples.open(dir.resolve("a.npy"), ONE)));
        Path five = npy("b.npy", Tensor.of(new float[] {0, 0, 1, 0, 2, 0, 3, 0, 4, 0}, 5, 2));
        assertEquals(
                "F32 [5, 2]", all(Samples.open(five, ONE), ONE).get(0).get(0).toString());
        List<TensorSpec> single = List.of(new TensorSpec("x", DType.F32, Shape.of(1, 2)));
        assertEquals(List.of(0f, 1f, 2f, 3f, 4f), firsts(Samples.open(five, single)));
        assertEquals(List.of(0f, 2f), firsts(Samples.open(five, single).take(2)));
        Path wrong = npy("c.npy", Tensor.of(new float[6], 2, 3));
        String message = assertThrows(ShapeMismatchException.class, () -> all(Samples.open(wrong, ONE), ONE))
                .getMessage();
        assertTrue(message.contains("c.npy") && message.contains("[2, 3]") && message.contains("[N, 2]"), message);
        Path reals = npy("d.npy", Tensor.of(new float[2], 1, 2));
        List<TensorSpec> integers = List.of(new TensorSpec("x", DType.S64, Shape.of(1, 2)));
        assertThrows(ShapeMismatchException.class, () -> all(Samples.open(reals, integers), integers));
        List<TensorSpec> bytes = List.of(new TensorSpec("x", DType.U8, Shape.of(1, 1)));
        Path large = npy("e.npy", Tensor.ofInts(new int[] {300}, 1, 1));
        assertTrue(assertThrows(ShapeMismatchException.class, () -> all(Samples.open(large, bytes), bytes))
                .getMessage()
                .contains("300"));
    }

    @Test
    void severalInputsComeByNameOrPosition() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("left.npy", NpyTest.npy(NpyTest.dict("<f4", "(1, 2)"), new byte[8]));
        files.put("ids.npy", NpyTest.npy(NpyTest.dict("|u1", "(1, 3)"), new byte[] {7, 8, 9}));
        TinyData.writeZip(dir.resolve("s.npz"), files);
        List<Tensor> byName = all(Samples.open(dir.resolve("s.npz"), TWO), TWO).get(0);
        assertEquals("F32 [1, 2]", byName.get(0).toString());
        assertArrayEquals(new long[] {7, 8, 9}, byName.get(1).toLongArray());

        for (int set : new int[] {0, 1, 10}) {
            Path folder = Files.createDirectories(dir.resolve("sets/test_data_set_" + set));
            OnnxFile.writeTensor(folder.resolve("input_0.pb"), TensorDef.of("whatever", pair(set)));
            OnnxFile.writeTensor(
                    folder.resolve("input_1.pb"), TensorDef.of("", Tensor.ofLongs(new long[] {set}, 1, 1)));
            OnnxFile.writeTensor(folder.resolve("output_0.pb"), TensorDef.of("", pair(-1)));
        }
        List<List<Tensor>> sets = all(Samples.open(dir.resolve("sets"), TWO), TWO);
        assertEquals(
                List.of(0L, 1L, 10L),
                sets.stream().map(s -> s.get(1).getLong(0, 0)).toList());
        Files.delete(dir.resolve("sets/test_data_set_1/input_1.pb"));
        assertTrue(assertThrows(CorruptDataException.class, () -> all(Samples.open(dir.resolve("sets"), TWO), TWO))
                .getMessage()
                .contains("test_data_set_1"));
        files.put("more.npy", files.get("ids.npy"));
        TinyData.writeZip(dir.resolve("s.npz"), files);
        assertTrue(assertThrows(CorruptDataException.class, () -> all(Samples.open(dir.resolve("s.npz"), TWO), TWO))
                .getMessage()
                .contains("s.npz"));
    }

    @Test
    void aTensorFileIsASampleOfOneInput() throws IOException {
        OnnxFile.writeTensor(dir.resolve("a.pb"), TensorDef.of("", pair(5)));
        assertEquals(List.of(5f), firsts(Samples.open(dir, ONE)));
        assertThrows(InvalidValueException.class, () -> Samples.open(dir, TWO));
    }

    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        Path empty = Files.createDirectories(dir.resolve("empty"));
        Files.writeString(empty.resolve("notes.txt"), "");
        assertTrue(assertThrows(DataNotFoundException.class, () -> Samples.open(empty, ONE))
                .getMessage()
                .contains("empty"));
        assertThrows(DataNotFoundException.class, () -> Samples.open(dir.resolve("nowhere"), ONE));
        assertThrows(InvalidValueException.class, () -> Samples.open(empty.resolve("notes.txt"), ONE));
        Files.write(empty.resolve("good.png"), TinyData.png(4, 4, 0));
        Files.write(empty.resolve("hollow.png"), new byte[0]);
        Samples samples = Samples.open(empty, IMAGE);
        assertTrue(assertThrows(CorruptDataException.class, () -> all(samples, IMAGE))
                .getMessage()
                .contains("hollow.png"));
        assertThrows(ShapeMismatchException.class, () -> Samples.open(empty, ONE));
        assertThrows(InvalidValueException.class, () -> Samples.open(empty, TWO));
        Files.createSymbolicLink(empty.resolve("loop"), empty);
        assertThrows(OctavoException.class, () -> Samples.open(empty, IMAGE));
    }
}
