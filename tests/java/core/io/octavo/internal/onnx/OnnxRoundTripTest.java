package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.ClosedException;
import io.octavo.DataNotFoundException;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is read, and equal models are equal bytes. */
class OnnxRoundTripTest {
    @TempDir
    Path folder;

    @Property(tries = 1000)
    void whatIsWrittenIsRead(@ForAll long seed) {
        ModelDef model = RandomModel.of(seed);
        byte[] bytes = Written.bytes(model);
        ModelDef read = Written.model(bytes);
        assertEquals(model, read);
        assertArrayEquals(bytes, Written.bytes(read));
    }

    @Test
    void aFileIsWhatIsWritten() throws IOException {
        ModelDef model = RandomModel.of(1);
        Path file = folder.resolve("model.onnx");
        OnnxFile.write(file, model);
        assertArrayEquals(Written.bytes(model), Files.readAllBytes(file));
        assertEquals(model, OnnxFile.read(file));
    }

    @Test
    void theOrderOfMapsDoesNotChangeTheBytes() throws IOException {
        Map<String, Attribute> up = new LinkedHashMap<>();
        Map<String, Attribute> down = new LinkedHashMap<>();
        for (int i = 0; i < 9; i++) {
            up.put("a" + i, new Attribute.OfInt(i));
            down.put("a" + (8 - i), new Attribute.OfInt(8 - i));
        }
        Path first = folder.resolve("up.onnx");
        Path second = folder.resolve("down.onnx");
        OnnxFile.write(first, model(List.of(NodeDef.of("n", "Op", List.of(), List.of("y"), up)), List.of()));
        OnnxFile.write(second, model(List.of(NodeDef.of("n", "Op", List.of(), List.of("y"), down)), List.of()));
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    /** More than the writer's buffer holds, between small ones. */
    @Test
    void largeTensorsAreWrittenFromWhereTheyLie() {
        Random random = new Random(5);
        float[] values = new float[300_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        try (Tensor large = Tensor.of(values, 3, 100_000);
                Tensor small = Tensor.of(new float[] {1, 2})) {
            Path file = folder.resolve("large.onnx");
            OnnxFile.write(
                    file,
                    model(
                            List.of(),
                            List.of(
                                    TensorDef.of("a", small),
                                    TensorDef.of("w", large),
                                    TensorDef.of("b", small),
                                    TensorDef.of("v", large))));
            List<TensorDef> read = OnnxFile.read(file).graph().initializers();
            assertEquals(List.of(3L, 100_000L), read.get(3).dims());
            assertArrayEquals(values, read.get(1).toFloatArray());
            assertArrayEquals(values, read.get(3).tensor().toFloatArray());
            assertArrayEquals(new float[] {1, 2}, read.get(2).toFloatArray());
        }
    }

    @Test
    void singleTensorsHaveFiles() {
        TensorDef tensor = TensorDef.of("x", Tensor.ofLongs(new long[] {1, -1, Long.MIN_VALUE}, 3));
        Path file = folder.resolve("input_0.pb");
        OnnxFile.writeTensor(file, tensor);
        assertEquals(tensor, OnnxFile.readTensor(file));
        assertArrayEquals(
                new long[] {1, -1, Long.MIN_VALUE}, OnnxFile.readTensor(file).toLongArray());
    }

    /** Whoever has read a file goes on with what it was. */
    @Test
    void aFileMayBeReplacedWhileItsTensorsAreInUse() {
        Path file = folder.resolve("w.pb");
        float[] values = new float[100_000];
        Arrays.fill(values, 1.5f);
        OnnxFile.writeTensor(file, TensorDef.of("w", Tensor.of(values)));
        TensorDef read = OnnxFile.readTensor(file);
        OnnxFile.writeTensor(file, TensorDef.of("v", Tensor.of(new float[] {1})));
        assertArrayEquals(values, read.tensor().toFloatArray());
        // Over its own source as well.
        OnnxFile.writeTensor(file, read);
        OnnxFile.writeTensor(file, OnnxFile.readTensor(file));
        assertEquals(read, OnnxFile.readTensor(file));
    }

    @Test
    void aFailedWriteLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("old.onnx");
        Files.writeString(file, "old");
        Tensor tensor = Tensor.of(new float[] {1});
        ModelDef model = model(List.of(), List.of(TensorDef.of("w", tensor)));
        tensor.close();
        assertThrows(ClosedException.class, () -> OnnxFile.write(file, model));
        assertEquals("old", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
        assertThrows(DataNotFoundException.class, () -> OnnxFile.read(folder.resolve("absent.onnx")));
    }

    private static ModelDef model(List<NodeDef> nodes, List<TensorDef> initializers) {
        return new ModelDef(
                8,
                Map.of("", 13L),
                new ModelDef.Producer("octavo", "", "", 0),
                new GraphDef("g", nodes, List.of(), List.of(), List.of(), initializers),
                List.of(),
                Map.of());
    }
}
