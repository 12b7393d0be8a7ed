package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.nn.BatchNorm2d;
import io.octavo.nn.Conv2d;
import io.octavo.nn.Flatten;
import io.octavo.nn.Linear;
import io.octavo.nn.Sequential;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.SafeTensors;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
    @TempDir
    Path dir;

    private static Graph net(long seed) {
        return new Sequential(new Conv2d(3, 4, 3), new BatchNorm2d(4), new Flatten(), new Linear(144, 5))
                .graph(Shape.ofBatch(3, 8, 8), seed);
    }

    @Test
    void whatIsSavedIsLoaded() {
        Graph saved = net(1);
        Path file = dir.resolve("weights.safetensors");
        Weights.save(saved, file);
        Graph loaded = Weights.load(net(2), file);
        assertEquals(saved.constants().keySet(), loaded.constants().keySet());
        saved.constants()
                .forEach((name, value) -> assertArrayEquals(
                        value.data().toFloatArray(), loaded.value(name).data().toFloatArray(), name));
        assertEquals(saved.nodes(), loaded.nodes());
        Weights.save(net(3), file);
        assertArrayEquals(
                net(3).value("0.conv.weight").data().toFloatArray(),
                Weights.load(net(2), file).value("0.conv.weight").data().toFloatArray(),
                "an existing file is replaced");
        assertEquals(1, dir.toFile().list().length, "nothing else is left behind");
    }

    @Test
    void otherWeightsAreRefusedByName() {
        Path file = dir.resolve("w.safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        net(1).constants().forEach((name, value) -> tensors.put(name, value.data()));

        Tensor bias = tensors.remove("3.linear.bias");
        tensors.put("other", bias);
        SafeTensors.write(file, tensors, Map.of());
        String message = assertThrows(InvalidValueException.class, () -> Weights.load(net(1), file))
                .getMessage();
        assertTrue(message.contains("3.linear.bias") && message.contains("other"), message);

        tensors.remove("other");
        tensors.put("3.linear.bias", Tensor.zeros(DType.F32, 6));
        SafeTensors.write(file, tensors, Map.of());
        message = assertThrows(ShapeMismatchException.class, () -> Weights.load(net(1), file))
                .getMessage();
        assertTrue(message.contains("[6]") && message.contains("[5]"), message);

        tensors.put("3.linear.bias", Tensor.zeros(DType.S32, 5));
        SafeTensors.write(file, tensors, Map.of());
        assertThrows(ShapeMismatchException.class, () -> Weights.load(net(1), file));
    }

    /** The names and types of a state_dict of the same network in PyTorch. */
    private Path stateDict() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        net(1).constants()
                .forEach((name, value) -> tensors.put(name.replaceFirst("\\.(conv|bn|linear)", ""), value.data()));
        tensors.put("1.num_batches_tracked", Tensor.ofInts(new int[] {7}).reshape());
        tensors.put("aux.weight", Tensor.zeros(DType.F32, 3));
        Path file = dir.resolve("state_dict.safetensors");
        SafeTensors.write(file, tensors, Map.of("format", "pt"));
        return file;
    }

    private static String layerName(String name) {
        return name.replaceFirst("^0", "0.conv").replaceFirst("^1", "1.bn").replaceFirst("^3", "3.linear");
    }

    @Test
    void aStateDictIsLoadedByOtherNamesAndWhatWasNotUsedIsListed() {
        Path file = stateDict();
        assertTrue(
                net(1).constants().containsKey("1.bn.running_mean"),
                net(1).constants().keySet()::toString);
        Weights.Loaded loaded = Weights.load(net(2), file, WeightsTest::layerName);
        assertEquals(List.of("1.num_batches_tracked", "aux.weight"), loaded.unused());
        net(1).constants()
                .forEach((name, value) -> assertArrayEquals(
                        value.data().toFloatArray(),
                        loaded.graph().value(name).data().toFloatArray(),
                        name));
        assertEquals(
                List.of("1.num_batches_tracked", "aux.weight"),
                Weights.load(net(2), file, name -> name.startsWith("aux") ? null : layerName(name))
                        .unused());
    }

    @Test
    void aStateDictThatDoesNotFitIsRefusedByName() {
        Path file = stateDict();
        String message = assertThrows(InvalidValueException.class, () -> Weights.load(net(2), file, name -> name))
                .getMessage();
        assertTrue(message.contains("0.conv.weight") && message.contains("aux.weight"), message);
        message = assertThrows(
                        InvalidValueException.class,
                        () -> Weights.load(
                                net(2), file, name -> name.equals("0.bias") ? "0.conv.weight" : layerName(name)))
                .getMessage();
        assertTrue(message.contains("'0.weight'") && message.contains("'0.bias'"), message);
    }

    @Test
    void aCountOfBatchesIsNoReasonToRefuse() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        net(1).constants().forEach((name, value) -> tensors.put(name, value.data()));
        tensors.put("1.bn.num_batches_tracked", Tensor.ofInts(new int[] {7}).reshape());
        Path file = dir.resolve("w.safetensors");
        SafeTensors.write(file, tensors, Map.of());
        assertArrayEquals(
                net(1).value("0.conv.weight").data().toFloatArray(),
                Weights.load(net(2), file).value("0.conv.weight").data().toFloatArray());
    }

    @Test
    void missingAndDamagedFiles() throws IOException {
        Path file = dir.resolve("w.safetensors");
        assertThrows(DataNotFoundException.class, () -> Weights.load(net(1), file));
        Weights.save(net(1), file);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
        assertThrows(CorruptDataException.class, () -> Weights.load(net(1), file));
    }

    @Test
    void quantizedGraphsAreNotSaved() {
        AffineParams params =
                new AffineParams(DType.S8, 8, -128, 127, new float[] {0.1f}, new int[] {0}, Granularity.perTensor());
        Graph.Builder builder = Graph.builder("quantized");
        builder.input("x", DType.F32, Shape.ofBatch(4));
        builder.node("q", new Op.Quantize(), List.of("x"), params);
        builder.constant("w", new QuantizedTensor(Shape.of(2, 4), params, Tensor.zeros(DType.S8, 2, 4)));
        builder.output(builder.node("y", new Op.Linear(), List.of("q", "w")));
        Graph graph = builder.build();
        assertThrows(UnsupportedException.class, () -> Weights.save(graph, dir.resolve("w.safetensors")));
        assertEquals(0, dir.toFile().list().length);
    }
}
