package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.WireFormat;
import com.sun.management.ThreadMXBean;
import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that lie: a typed error that names file and place, in memory that is bounded by what is there. */
class OnnxHostileTest {
    private static final byte[] NO_UTF_8 = {'a', (byte) 0xC3, '('};

    @TempDir
    Path folder;

    /** What is wrong in a graph, and what the message says. */
    static Stream<Arguments> graphs() {
        Proto good = Proto.node("Relu", "x", "y");
        return Stream.of(
                arguments("graph: input \"x\" occurs twice", graph().message(Schema.Graph.INPUT, Proto.value("x"))),
                arguments(
                        "graph: output \"y\" occurs twice",
                        graph().message(Schema.Graph.OUTPUT, Proto.value("y"))
                                .message(Schema.Graph.OUTPUT, Proto.value("y"))),
                arguments("graph, output 0: a value has no name", graph().message(Schema.Graph.OUTPUT, new Proto())),
                arguments(
                        "graph: initializer \"w\" occurs twice",
                        graph().message(Schema.Graph.INITIALIZER, tensor())
                                .message(Schema.Graph.INITIALIZER, tensor())),
                arguments(
                        "graph: an initializer has no name",
                        graph().message(Schema.Graph.INITIALIZER, Proto.tensorOf("", ElementType.S8, 0))),
                arguments(
                        "graph: node Relu of \"y\" makes value \"y\", which is",
                        graph().message(Schema.Graph.NODE, good).message(Schema.Graph.NODE, good)),
                arguments(
                        "graph: node Relu of \"x\" makes value \"x\", which is",
                        graph().message(Schema.Graph.NODE, Proto.node("Relu", "y", "x"))),
                arguments(
                        "graph, node 0: node \"\" names no operator", graph().message(Schema.Graph.NODE, new Proto())),
                arguments(
                        "graph: field 2 occurs twice",
                        graph().string(Schema.Graph.NAME, "a").string(Schema.Graph.NAME, "b")),
                arguments(
                        "graph, node 0: field 4 occurs twice",
                        graph().message(
                                        Schema.Graph.NODE,
                                        Proto.node("A", "x", "y").string(Schema.Node.OP_TYPE, "B"))),
                arguments("graph: field 2 is no UTF-8", graph().bytes(Schema.Graph.NAME, NO_UTF_8)),
                arguments(
                        "graph, node 0: field 1 is no UTF-8",
                        graph().message(Schema.Graph.NODE, new Proto().bytes(Schema.Node.INPUT, NO_UTF_8))),
                arguments(
                        "graph: field 2 is 4294967295 bytes long where",
                        graph().length(Schema.Graph.NAME, 0xFFFFFFFFL)),
                arguments("graph: field 2 is 4294967295 bytes long where", graph().length(Schema.Graph.NAME, -1)),
                arguments(
                        "graph: field 1 is 2147483647 bytes long where",
                        graph().length(Schema.Graph.NODE, Integer.MAX_VALUE)),
                arguments(
                        "graph: field 5 is 1000000000 bytes long where",
                        graph().length(Schema.Graph.INITIALIZER, 1_000_000_000)),
                // Skipped or not: an unknown field has a length as well.
                arguments("graph: no protobuf", graph().length(1000, Integer.MAX_VALUE)),
                arguments("graph: no protobuf", graph().length(1000, -1)),
                arguments("graph: no protobuf", graph().raw((byte) 0)),
                arguments("graph: no protobuf", graph().tag(1000, 6)),
                arguments("graph: no protobuf", graph().tag(1000, WireFormat.WIRETYPE_END_GROUP)),
                arguments("graph: no protobuf", graph().tag(1000, WireFormat.WIRETYPE_START_GROUP)),
                arguments("graph: no protobuf", groups(200)),
                arguments("graph: field 2 has wire type 0, expected 2", graph().varint(Schema.Graph.NAME, 3)),
                arguments("deeper than 100", nested(40)),
                arguments("attribute 0: attribute \"a\" has type 99", attribute(a().varint(Schema.Attr.TYPE, 99))),
                arguments("attribute 0: attribute \"a\" has type 0", attribute(a())),
                arguments("attribute 0: an attribute has no name", attribute(new Proto().varint(Schema.Attr.TYPE, 2))),
                arguments(
                        "attribute 0: attribute \"a\" of type INT has values of [FLOAT]",
                        attribute(a().varint(Schema.Attr.TYPE, 2).fixed32(Schema.Attr.F, 1))),
                arguments(
                        "attribute 0: attribute \"a\" of type INT has values of [INT, INTS]",
                        attribute(a().varint(Schema.Attr.TYPE, 2)
                                .varint(Schema.Attr.I, 1)
                                .varint(Schema.Attr.INTS, 1))),
                arguments(
                        "attribute 0: field 3 occurs twice",
                        attribute(a().varint(Schema.Attr.TYPE, 2).varint(Schema.Attr.I, 1, 2))),
                arguments("attribute \"a\" of type TENSOR has no value", attribute(a().varint(Schema.Attr.TYPE, 4))),
                arguments("attribute \"a\" of type GRAPH has no value", attribute(a().varint(Schema.Attr.TYPE, 5))),
                arguments(
                        "a number is longer than 10 bytes", attribute(ints(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1))),
                arguments("the last number is cut off", attribute(ints(1, -1))),
                arguments(
                        "attribute 1: \"a\" occurs twice",
                        graph().message(
                                        Schema.Graph.NODE,
                                        Proto.node("A", "x", "y")
                                                .message(Schema.Node.ATTRIBUTE, a().varint(Schema.Attr.I, 1))
                                                .message(Schema.Node.ATTRIBUTE, a().varint(Schema.Attr.I, 1)))),
                arguments(
                        "value info 0, type: two types of one value",
                        valueInfo(new Proto()
                                .message(Schema.Type.TENSOR, new Proto())
                                .message(Schema.Type.SEQUENCE, new Proto()))),
                arguments(
                        "type, tensor, shape, dimension 0: two values of one dimension",
                        valueInfo(new Proto()
                                .message(
                                        Schema.Type.TENSOR,
                                        new Proto()
                                                .message(
                                                        Schema.TensorType.SHAPE,
                                                        new Proto()
                                                                .message(
                                                                        Schema.ShapeProto.DIM,
                                                                        new Proto()
                                                                                .varint(Schema.Dimension.DIM_VALUE, 1)
                                                                                .string(
                                                                                        Schema.Dimension.DIM_PARAM,
                                                                                        "n")))))));
    }

    private static Proto graph() {
        return new Proto().message(Schema.Graph.INPUT, Proto.value("x"));
    }

    private static Proto tensor() {
        return Proto.tensorOf("w", ElementType.S8, 2).bytes(Schema.Tensor.RAW_DATA, new byte[2]);
    }

    private static Proto a() {
        return new Proto().string(Schema.Attr.NAME, "a");
    }

    private static Proto ints(int... packed) {
        byte[] bytes = new byte[packed.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) packed[i];
        }
        return a().varint(Schema.Attr.TYPE, 7).bytes(Schema.Attr.INTS, bytes);
    }

    private static Proto attribute(Proto attribute) {
        return graph().message(Schema.Graph.NODE, Proto.node("A", "x", "y").message(Schema.Node.ATTRIBUTE, attribute));
    }

    private static Proto valueInfo(Proto type) {
        return graph().message(Schema.Graph.VALUE_INFO, Proto.value("v").message(Schema.Value.TYPE, type));
    }

    private static Proto nested(int depth) {
        Proto inner = graph();
        for (int i = 0; i < depth; i++) {
            inner = attribute(a().varint(Schema.Attr.TYPE, 5).message(Schema.Attr.G, inner));
        }
        return inner;
    }

    private static Proto groups(int depth) {
        Proto groups = graph();
        for (int i = 0; i < depth; i++) {
            groups.tag(1000, WireFormat.WIRETYPE_START_GROUP);
        }
        for (int i = 0; i < depth; i++) {
            groups.tag(1000, WireFormat.WIRETYPE_END_GROUP);
        }
        return groups;
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void malformedGraphsAreRefused(String said, Proto graph) {
        assertRefused("test.onnx: ", said, Proto.modelOf(graph)::model);
    }

    static Stream<Arguments> tensors() {
        return Stream.of(
                arguments("tensor \"w\" has no element type", new Proto().string(Schema.Tensor.NAME, "w")),
                arguments("has dimension -2 in [3, -2]", Proto.tensorOf("w", ElementType.S8, 3, -2)),
                arguments(
                        "has more elements than can be counted",
                        Proto.tensorOf("w", ElementType.S8, 1L << 32, 1L << 32, 1L << 32)),
                arguments(
                        "has more elements than can be counted", Proto.tensorOf("w", ElementType.F32, Long.MAX_VALUE)),
                arguments(
                        "needs 9223372036854775807 bytes of data, but has 0",
                        Proto.tensorOf("w", ElementType.S8, Long.MAX_VALUE)),
                arguments("has 65 dimensions", Proto.tensorOf("w", ElementType.S8, new long[65])),
                arguments(
                        "needs 12 bytes of data, but has 8",
                        Proto.tensorOf("w", ElementType.F32, 3).bytes(Schema.Tensor.RAW_DATA, new byte[8])),
                arguments(
                        "needs 2 bytes of data, but has 3",
                        Proto.tensorOf("w", ElementType.S4, 3).bytes(Schema.Tensor.RAW_DATA, new byte[3])),
                arguments(
                        "needs 3 numbers of data, but has 2",
                        Proto.tensorOf("w", ElementType.S64, 3).packed(Schema.Tensor.INT64_DATA, 1, 2)),
                arguments(
                        "needs 4 bytes of data, but has 5",
                        Proto.tensorOf("w", ElementType.F32, 1).bytes(Schema.Tensor.FLOAT_DATA, new byte[5])),
                arguments(
                        "has elements in each of [RAW_DATA, INT64_DATA]",
                        Proto.tensorOf("w", ElementType.S64, 1)
                                .bytes(Schema.Tensor.RAW_DATA, new byte[8])
                                .packed(Schema.Tensor.INT64_DATA, 1)),
                arguments(
                        "has its elements in INT64_DATA, expected FLOAT_DATA or RAW_DATA",
                        Proto.tensorOf("w", ElementType.F32, 1).packed(Schema.Tensor.INT64_DATA, 1)),
                arguments("field 9 occurs twice", tensor().bytes(Schema.Tensor.RAW_DATA, new byte[2])),
                arguments("field 2 occurs twice", tensor().varint(Schema.Tensor.DATA_TYPE, 3)),
                arguments(
                        "field 9 is 4294967295 bytes long where",
                        Proto.tensorOf("w", ElementType.S8, 1).length(9, -1)),
                arguments(
                        "needs 2 strings, but has 1",
                        Proto.tensorOf("w", ElementType.STRING, 2).string(Schema.Tensor.STRING_DATA, "a")),
                arguments(
                        "tensor \"w\" of strings has raw data",
                        Proto.tensorOf("w", ElementType.STRING, 2).bytes(Schema.Tensor.RAW_DATA, new byte[2])),
                arguments(
                        "external data 1: key \"offset\" occurs twice",
                        Proto.tensorOf("w", ElementType.S8, 1)
                                .message(Schema.Tensor.EXTERNAL_DATA, entry("offset", "1"))
                                .message(Schema.Tensor.EXTERNAL_DATA, entry("offset", "1"))));
    }

    private static Proto entry(String key, String value) {
        return new Proto().string(Schema.Entry.KEY, key).string(Schema.Entry.VALUE, value);
    }

    @ParameterizedTest
    @MethodSource("tensors")
    void malformedTensorsAreRefused(String said, Proto tensor) {
        assertRefused("test.pb: ", said, tensor::tensor);
    }

    private static void assertRefused(String file, String said, Executable read) {
        long before = allocated();
        CorruptDataException e = assertThrows(CorruptDataException.class, read);
        assertTrue(e.getMessage().startsWith(file) && e.getMessage().contains(said), e.getMessage());
        assertTrue(allocated() - before < 4 << 20, (allocated() - before) + " bytes for a file of few");
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void whatIsNotSupportedIsNamed() {
        Proto sparse = new Proto().message(Schema.SparseTensor.VALUES, tensor());
        assertUnsupported("initializer \"w\" is sparse", graph().message(Schema.Graph.SPARSE_INITIALIZER, sparse));
        assertUnsupported(
                "graph, initializer 0: element type 99",
                graph().message(Schema.Graph.INITIALIZER, new Proto().varint(Schema.Tensor.DATA_TYPE, 99)));
        assertUnsupported(
                "a tensor in segments",
                graph().message(Schema.Graph.INITIALIZER, tensor().message(Schema.Tensor.SEGMENT, new Proto())));
    }

    private static void assertUnsupported(String said, Proto graph) {
        UnsupportedException e = assertThrows(UnsupportedException.class, Proto.modelOf(graph)::model);
        assertTrue(
                e.getMessage().startsWith("test.onnx: graph") && e.getMessage().contains(said), e.getMessage());
    }

    /** Dimensions below zero, as exporters write them for unknown ones, and fields of later versions. */
    @Test
    void whatOnlyLooksWrongIsRead() {
        Proto dim = new Proto().varint(Schema.Dimension.DIM_VALUE, -1);
        Proto nameless = new Proto().string(Schema.Dimension.DIM_PARAM, "");
        Proto shape = new Proto().message(Schema.ShapeProto.DIM, dim).message(Schema.ShapeProto.DIM, nameless);
        Proto type = new Proto()
                .message(
                        Schema.Type.TENSOR,
                        new Proto().varint(Schema.TensorType.ELEM_TYPE, 1).message(Schema.TensorType.SHAPE, shape));
        ModelDef model = Proto.modelOf(valueInfo(type)
                        .varint(1000, 1)
                        .string(1001, "later")
                        .fixed32(1002, 1)
                        .fixed64(1003, 1)
                        .tag(1004, WireFormat.WIRETYPE_START_GROUP)
                        .tag(1004, WireFormat.WIRETYPE_END_GROUP))
                .model();
        ValueInfo value = model.graph().values().get(0);
        assertEquals("F32 [?, ?]", value.type().toString());
        // A graph within a graph within a graph.
        assertEquals(1, Proto.modelOf(nested(30)).model().graph().nodes().size());
    }

    /** Zeros need not be written, and the first files had no types of attributes. */
    @Test
    void attributesOfOtherWritersAreRead() {
        NodeDef node = Proto.modelOf(graph().message(
                                Schema.Graph.NODE,
                                Proto.node("A", "x", "y")
                                        .message(Schema.Node.ATTRIBUTE, a().varint(Schema.Attr.TYPE, 2))
                                        .message(
                                                Schema.Node.ATTRIBUTE,
                                                new Proto()
                                                        .string(Schema.Attr.NAME, "b")
                                                        .packed(Schema.Attr.INTS, 1, -1)
                                                        .varint(Schema.Attr.INTS, 7))
                                        .message(
                                                Schema.Node.ATTRIBUTE,
                                                new Proto()
                                                        .string(Schema.Attr.NAME, "c")
                                                        .varint(Schema.Attr.TYPE, 6)
                                                        .fixed32(Schema.Attr.FLOATS, 2)
                                                        .bytes(Schema.Attr.FLOATS, new byte[4]))))
                .model()
                .graph()
                .nodes()
                .get(0);
        assertEquals(0, node.getInt("a", 5));
        assertEquals(new Attribute.OfInts(1, -1, 7), node.attributes().get("b"));
        assertEquals(new Attribute.OfFloats(2, 0), node.attributes().get("c"));
    }

    @Test
    void everyPrefixIsReadOrRefused() {
        byte[] whole = Written.bytes(RandomModel.of(11));
        for (int n = 0; n < whole.length; n++) {
            byte[] prefix = Arrays.copyOf(whole, n);
            try {
                Written.model(prefix);
            } catch (CorruptDataException e) {
                assertTrue(e.getMessage().startsWith("written.onnx: "), e.getMessage());
            }
        }
        assertThrows(CorruptDataException.class, () -> Written.model(new byte[0]));
    }

    /** In time that grows with their number; the limit is that of a busy machine. */
    @Test
    void aMillionNodesAreRead() {
        List<NodeDef> nodes = new ArrayList<>();
        for (int i = 0; i < 1_000_000; i++) {
            nodes.add(NodeDef.of("", "Relu", List.of("v" + i), List.of("v" + (i + 1)), Map.of()));
        }
        GraphDef graph = new GraphDef("", nodes, List.of(), List.of(), List.of(), List.of());
        byte[] bytes = Written.bytes(
                new ModelDef(8, Map.of("", 17L), new ModelDef.Producer("", "", "", 0), graph, List.of(), Map.of()));
        ModelDef model = assertTimeoutPreemptively(Duration.ofMinutes(3), () -> Written.model(bytes));
        assertEquals(graph, model.graph());
    }

    /** Two bytes each, and an object. */
    @Test
    void moreThanTheHeapHoldsIsRefused() {
        byte[] bytes = new byte[(int) (WireReader.MAX_HEAP / 160 * 2) + 100];
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            bytes[i] = Schema.ShapeProto.DIM << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
        }
        Proto graph =
                valueInfo(new Proto().message(Schema.Type.TENSOR, new Proto().bytes(Schema.TensorType.SHAPE, bytes)));
        UnsupportedException e = assertThrows(UnsupportedException.class, Proto.modelOf(graph)::model);
        assertTrue(
                e.getMessage().contains("value info 0, type, tensor, shape: ")
                        && e.getMessage().contains("-Xmx"),
                e.getMessage());
    }

    // ---- Files
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void whatIsNoFileIsRefused() throws IOException {
        DataException e = assertThrows(DataException.class, () -> OnnxFile.read(folder));
        assertTrue(e.getMessage().startsWith(folder + ": "), e.getMessage());
        assertThrows(DataException.class, () -> OnnxFile.read(Path.of("/dev/zero")));
        Path empty = Files.createFile(folder.resolve("empty.onnx"));
        assertThrows(CorruptDataException.class, () -> OnnxFile.read(empty));
        Path text = Files.writeString(folder.resolve("text.onnx"), "<html>not found</html>\n".repeat(20));
        assertThrows(OctavoException.class, () -> OnnxFile.read(text));
        Path huge = folder.resolve("huge.onnx");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(1L << 31);
        }
        UnsupportedException large = assertThrows(UnsupportedException.class, () -> OnnxFile.read(huge));
        assertTrue(large.getMessage().startsWith(huge + ": 2147483648 bytes"), large.getMessage());
    }

    /** The sum is more than protobuf can say, though no tensor is. */
    @Test
    void aModelBeyondTwoGibibytesIsNotWritten() throws IOException {
        Path weights = folder.resolve("weights");
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.setLength(1L << 30);
        }
        Proto graph = graph();
        for (String name : new String[] {"a", "b"}) {
            graph.message(
                    Schema.Graph.INITIALIZER,
                    Proto.tensorOf(name, ElementType.U8, 1L << 30)
                            .message(Schema.Tensor.EXTERNAL_DATA, entry("location", "weights"))
                            .varint(Schema.Tensor.DATA_LOCATION, Schema.Tensor.EXTERNAL));
        }
        ModelDef model = OnnxReader.model(
                "test.onnx", ByteBuffer.wrap(Proto.modelOf(graph).toByteArray()), folder);
        Path written = folder.resolve("written.onnx");
        UnsupportedException e = assertThrows(UnsupportedException.class, () -> OnnxFile.write(written, model));
        assertTrue(e.getMessage().contains("2 GiB"), e.getMessage());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }
}
