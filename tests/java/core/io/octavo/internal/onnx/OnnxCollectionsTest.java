package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every file of the collections is read, and every element of its tensors; what is written of it is read as the same. */
class OnnxCollectionsTest {
    @ParameterizedTest
    @EnumSource(Collections.class)
    void everyModelIsRead(Collections collection) {
        assumeTrue(collection.isPresent(), collection + " is not here");
        List<Path> files = collection.files(".onnx");
        assertTrue(files.size() >= 3, files.size() + " models");
        for (Path file : files) {
            ModelDef model = OnnxFile.read(file);
            assertTrue(model.opsets().values().stream().anyMatch(version -> version > 0), file::toString);
            assertFalse(model.graph().outputs().isEmpty(), file::toString);
            model.graph().initializers().forEach(OnnxCollectionsTest::decode);
            assertEquals(model, Written.model(Written.bytes(model)), file::toString);
        }
    }

    /** What a case's tensors are, the model says; sequences and optional values lie in other messages. */
    @ParameterizedTest
    @EnumSource(Collections.class)
    void everyTensorIsRead(Collections collection) {
        assumeTrue(collection.isPresent(), collection + " is not here");
        int read = 0;
        int others = 0;
        for (Path file : collection.files(".onnx")) {
            GraphDef graph = OnnxFile.read(file).graph();
            for (Path folder : dataSets(file)) {
                for (String what : List.of("input", "output")) {
                    List<ValueInfo> ends = what.equals("input") ? graph.inputs() : graph.outputs();
                    for (int i = 0; Files.exists(folder.resolve(what + "_" + i + ".pb")); i++) {
                        if (!(ends.get(i).type() instanceof ValueType.OfTensor type)) {
                            others++;
                            continue;
                        }
                        TensorDef tensor = OnnxFile.readTensor(folder.resolve(what + "_" + i + ".pb"));
                        assertTrue(isSame(type.element(), tensor.type()), () -> folder + ": " + tensor);
                        decode(tensor);
                        assertEquals(tensor, Written.tensor(Written.bytes(tensor)), folder::toString);
                        read++;
                    }
                }
            }
        }
        assertTrue(read >= 10 && others * 20 <= read, read + " read, " + others + " are no tensors");
    }

    /** Old test data have BF16 as the integers of its bits. */
    private static boolean isSame(ElementType said, ElementType found) {
        return said == found || said == ElementType.BF16 && found == ElementType.U16;
    }

    private static List<Path> dataSets(Path model) {
        List<Path> folders = new ArrayList<>();
        folders.add(model.getParent());
        for (int i = 0; Files.isDirectory(model.resolveSibling("test_data_set_" + i)); i++) {
            folders.add(model.resolveSibling("test_data_set_" + i));
        }
        return folders;
    }

    private static void decode(TensorDef tensor) {
        if (tensor.type().isInteger()) {
            assertEquals(tensor.elements(), tensor.toLongArray().length);
        } else if (tensor.type().isReal()) {
            assertEquals(tensor.elements(), tensor.toFloatArray().length);
        }
    }
}
