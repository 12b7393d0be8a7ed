package io.octavo.internal.onnx;

import com.google.protobuf.WireFormat;
import io.octavo.CorruptDataException;
import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Records of the bytes of a file: a method for each message, which goes over its fields. */
final class OnnxReader {
    private final WireReader in;
    private final ExternalData external;

    private OnnxReader(String file, ByteBuffer bytes, Path folder) {
        in = new WireReader(file, bytes);
        external = new ExternalData(folder);
    }

    /**
     * The model that {@code bytes} hold.
     *
     * @param file how messages name it
     * @param folder where external data lie
     * @throws CorruptDataException if they hold none
     * @throws io.octavo.UnsupportedException for sparse initializers, element types of later versions, and more parts than the heap can hold
     */
    static ModelDef model(String file, ByteBuffer bytes, Path folder) {
        OnnxReader reader = new OnnxReader(file, bytes, folder);
        return reader.whole(reader::model);
    }

    /** The tensor that {@code bytes} hold; otherwise as {@link #model}. */
    static TensorDef tensor(String file, ByteBuffer bytes, Path folder) {
        OnnxReader reader = new OnnxReader(file, bytes, folder);
        return reader.whole(reader::tensor);
    }

    /** What a record or a name refuses is wrong with the file here. */
    private <T> T whole(Supplier<T> body) {
        try {
            return body.get();
        } catch (InvalidValueException e) {
            throw in.corrupt(e.getMessage(), e);
        }
    }

    private ModelDef model() {
        long irVersion = 0;
        String producer = "";
        String producerVersion = "";
        String domain = "";
        long modelVersion = 0;
        GraphDef graph = null;
        Map<String, Long> opsets = new HashMap<>();
        Map<String, String> metadata = new HashMap<>();
        List<FunctionDef> functions = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Model.IR_VERSION -> irVersion = in.once().varint();
                case Schema.Model.PRODUCER_NAME -> producer = in.once().string();
                case Schema.Model.PRODUCER_VERSION ->
                    producerVersion = in.once().string();
                case Schema.Model.DOMAIN -> domain = in.once().string();
                case Schema.Model.MODEL_VERSION -> modelVersion = in.once().varint();
                case Schema.Model.GRAPH -> graph = in.once().message("graph", -1, this::graph);
                case Schema.Model.OPSET_IMPORT -> opset(opsets);
                case Schema.Model.METADATA -> entry("metadata", metadata);
                case Schema.Model.FUNCTIONS -> functions.add(in.message("function", functions.size(), this::function));
                default -> in.skip();
            }
        }
        if (graph == null) {
            throw in.corrupt("no graph: this is no ONNX model");
        }
        return new ModelDef(
                irVersion,
                opsets,
                new ModelDef.Producer(producer, producerVersion, domain, modelVersion),
                graph,
                functions,
                metadata);
    }

    private void opset(Map<String, Long> into) {
        in.message("opset", -1, () -> {
            String domain = "";
            long version = 0;
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case Schema.Opset.DOMAIN -> domain = Names.domain(in.once().string());
                    case Schema.Opset.VERSION -> version = in.once().varint();
                    default -> in.skip();
                }
            }
            Long other = into.put(domain, version);
            if (other != null && other != version) {
                throw in.corrupt("domain " + Quoted.of(domain) + " has both version " + other + " and " + version);
            }
            return null;
        });
    }

    /** A key and a value, of which each key occurs once. */
    private void entry(String what, Map<String, String> into) {
        in.message(what, into.size(), () -> {
            String key = "";
            String value = "";
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case Schema.Entry.KEY -> key = in.once().string();
                    case Schema.Entry.VALUE -> value = in.once().string();
                    default -> in.skip();
                }
            }
            if (into.put(key, value) != null) {
                throw in.corrupt("key " + Quoted.of(key) + " occurs twice");
            }
            return null;
        });
    }

    private GraphDef graph() {
        String name = "";
        List<NodeDef> nodes = new ArrayList<>();
        List<ValueInfo> inputs = new ArrayList<>();
        List<ValueInfo> outputs = new ArrayList<>();
        List<ValueInfo> values = new ArrayList<>();
        List<TensorDef> initializers = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Graph.NODE -> nodes.add(in.message("node", nodes.size(), this::node));
                case Schema.Graph.NAME -> name = in.once().string();
                case Schema.Graph.INITIALIZER ->
                    initializers.add(in.message("initializer", initializers.size(), this::tensor));
                case Schema.Graph.INPUT -> inputs.add(in.message("input", inputs.size(), this::value));
                case Schema.Graph.OUTPUT -> outputs.add(in.message("output", outputs.size(), this::value));
                case Schema.Graph.VALUE_INFO -> values.add(in.message("value info", values.size(), this::value));
                case Schema.Graph.SPARSE_INITIALIZER -> in.message("sparse initializer", -1, this::refuseSparse);
                default -> in.skip();
            }
        }
        return new GraphDef(name, nodes, inputs, outputs, values, initializers);
    }

    private Void refuseSparse() {
        String name = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field == Schema.SparseTensor.VALUES) {
                name = in.once().message("values", -1, this::tensor).name();
            } else {
                in.skip();
            }
        }
        throw in.unsupported("initializer " + Quoted.of(name) + " is sparse: write it as a dense one");
    }

    private FunctionDef function() {
        String domain = "";
        String name = "";
        String overload = "";
        Map<String, Long> opsets = new HashMap<>();
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        List<String> attributes = new ArrayList<>();
        Map<String, Attribute> defaults = new HashMap<>();
        List<NodeDef> nodes = new ArrayList<>();
        List<ValueInfo> values = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Function.NAME -> name = in.once().string();
                case Schema.Function.INPUT -> inputs.add(in.string());
                case Schema.Function.OUTPUT -> outputs.add(in.string());
                case Schema.Function.ATTRIBUTE -> attributes.add(in.string());
                case Schema.Function.NODE -> nodes.add(in.message("node", nodes.size(), this::node));
                case Schema.Function.OPSET_IMPORT -> opset(opsets);
                case Schema.Function.DOMAIN -> domain = in.once().string();
                case Schema.Function.ATTRIBUTE_PROTO -> attribute(defaults);
                case Schema.Function.VALUE_INFO -> values.add(in.message("value info", values.size(), this::value));
                case Schema.Function.OVERLOAD -> overload = in.once().string();
                default -> in.skip();
            }
        }
        return new FunctionDef(domain, name, overload, opsets, inputs, outputs, attributes, defaults, nodes, values);
    }

    private NodeDef node() {
        String name = "";
        String domain = "";
        String opType = "";
        String overload = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        Map<String, Attribute> attributes = new HashMap<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Node.INPUT -> inputs.add(in.string());
                case Schema.Node.OUTPUT -> outputs.add(in.string());
                case Schema.Node.NAME -> name = in.once().string();
                case Schema.Node.OP_TYPE -> opType = in.once().string();
                case Schema.Node.ATTRIBUTE -> attribute(attributes);
                case Schema.Node.DOMAIN -> domain = in.once().string();
                case Schema.Node.OVERLOAD -> overload = in.once().string();
                default -> in.skip();
            }
        }
        return new NodeDef(name, domain, opType, overload, inputs, outputs, attributes);
    }

    private void attribute(Map<String, Attribute> into) {
        in.message("attribute", into.size(), () -> {
            AttributeParts parts = new AttributeParts();
            for (int field = in.next(); field != 0; field = in.next()) {
                attributeField(field, parts);
            }
            Names.require(parts.name, "an attribute");
            if (into.put(parts.name, parts.toAttribute()) != null) {
                throw in.corrupt(Quoted.of(parts.name) + " occurs twice");
            }
            return null;
        });
    }

    private void attributeField(int field, AttributeParts parts) {
        switch (field) {
            case Schema.Attr.NAME -> parts.name = in.once().string();
            case Schema.Attr.REF_ATTR_NAME -> parts.reference = in.once().string();
            case Schema.Attr.TYPE -> parts.type = in.once().varint();
            case Schema.Attr.F ->
                parts.single(
                        Attribute.Kind.FLOAT, new Attribute.OfFloat(in.once().fixed32()));
            case Schema.Attr.I ->
                parts.single(Attribute.Kind.INT, new Attribute.OfInt(in.once().varint()));
            case Schema.Attr.S ->
                parts.single(
                        Attribute.Kind.STRING, new Attribute.OfString(in.once().string()));
            case Schema.Attr.T ->
                parts.single(
                        Attribute.Kind.TENSOR, new Attribute.OfTensor(in.once().message("tensor", -1, this::tensor)));
            case Schema.Attr.G ->
                parts.single(
                        Attribute.Kind.GRAPH, new Attribute.OfGraph(in.once().message("graph", -1, this::graph)));
            case Schema.Attr.FLOATS -> in.packed(parts.floats, WireFormat.WIRETYPE_FIXED32);
            case Schema.Attr.INTS -> in.integers(parts.ints);
            case Schema.Attr.STRINGS -> parts.strings.add(in.string());
            case Schema.Attr.TENSORS -> parts.tensors.add(in.message("tensor", parts.tensors.size(), this::tensor));
            case Schema.Attr.GRAPHS -> parts.graphs.add(in.message("graph", parts.graphs.size(), this::graph));
            case Schema.Attr.TP -> parts.opaque(Attribute.Kind.TYPE, in.once().slice());
            case Schema.Attr.TYPE_PROTOS -> parts.opaque(Attribute.Kind.TYPES, in.slice());
            case Schema.Attr.SPARSE_TENSOR ->
                parts.opaque(Attribute.Kind.SPARSE_TENSOR, in.once().slice());
            case Schema.Attr.SPARSE_TENSORS -> parts.opaque(Attribute.Kind.SPARSE_TENSORS, in.slice());
            default -> in.skip();
        }
    }

    private ValueInfo value() {
        String name = "";
        ValueType type = ValueType.UNKNOWN;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Value.NAME -> name = in.once().string();
                case Schema.Value.TYPE -> type = in.once().message("type", -1, this::type);
                default -> in.skip();
            }
        }
        return new ValueInfo(name, type);
    }

    private ValueType type() {
        ValueType type = ValueType.UNKNOWN;
        for (int field = in.next(); field != 0; field = in.next()) {
            ValueType found =
                    switch (field) {
                        case Schema.Type.TENSOR -> in.message("tensor", -1, this::tensorType);
                        case Schema.Type.SEQUENCE -> new ValueType.Other(ValueType.Kind.SEQUENCE, in.slice());
                        case Schema.Type.MAP -> new ValueType.Other(ValueType.Kind.MAP, in.slice());
                        case Schema.Type.OPAQUE -> new ValueType.Other(ValueType.Kind.OPAQUE, in.slice());
                        case Schema.Type.SPARSE_TENSOR -> new ValueType.Other(ValueType.Kind.SPARSE_TENSOR, in.slice());
                        case Schema.Type.OPTIONAL -> new ValueType.Other(ValueType.Kind.OPTIONAL, in.slice());
                        default -> {
                            in.skip();
                            yield null;
                        }
                    };
            if (found != null && type != ValueType.UNKNOWN) {
                throw in.corrupt("two types of one value");
            }
            type = found == null ? type : found;
        }
        return type;
    }

    private ValueType tensorType() {
        ElementType element = ElementType.UNDEFINED;
        List<DimDef> dims = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.TensorType.ELEM_TYPE ->
                    element = elementType(in.once().varint());
                case Schema.TensorType.SHAPE -> dims = in.once().message("shape", -1, this::dims);
                default -> in.skip();
            }
        }
        return new ValueType.OfTensor(element, dims);
    }

    private List<DimDef> dims() {
        List<DimDef> dims = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field == Schema.ShapeProto.DIM) {
                dims.add(in.message("dimension", dims.size(), this::dim));
            } else {
                in.skip();
            }
        }
        return dims;
    }

    /** A dimension below 0 or with an empty name is what exporters write for an unknown one. */
    private DimDef dim() {
        DimDef dim = DimDef.UNKNOWN;
        boolean said = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Dimension.DIM_VALUE -> {
                    requireFirst(said);
                    said = true;
                    long value = in.varint();
                    dim = value < 0 ? DimDef.UNKNOWN : new DimDef.Size(value);
                }
                case Schema.Dimension.DIM_PARAM -> {
                    requireFirst(said);
                    said = true;
                    String name = in.string();
                    dim = name.isEmpty() ? DimDef.UNKNOWN : new DimDef.Named(name);
                }
                default -> in.skip();
            }
        }
        return dim;
    }

    private void requireFirst(boolean said) {
        if (said) {
            throw in.corrupt("two values of one dimension");
        }
    }

    private ElementType elementType(long number) {
        ElementType type = ElementType.of(number);
        if (type == null) {
            throw in.unsupported("element type " + number + " is none that is known here");
        }
        return type;
    }

    private TensorDef tensor() {
        TensorParts parts = new TensorParts();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case Schema.Tensor.DIMS -> in.integers(parts.dims);
                case Schema.Tensor.DATA_TYPE ->
                    parts.type = elementType(in.once().varint());
                case Schema.Tensor.SEGMENT -> throw in.unsupported("a tensor in segments");
                case Schema.Tensor.FLOAT_DATA -> in.packed(parts.floats, WireFormat.WIRETYPE_FIXED32);
                case Schema.Tensor.INT32_DATA -> in.packed(parts.int32s, WireFormat.WIRETYPE_VARINT);
                case Schema.Tensor.STRING_DATA -> parts.strings.add(in.string());
                case Schema.Tensor.INT64_DATA -> in.packed(parts.int64s, WireFormat.WIRETYPE_VARINT);
                case Schema.Tensor.NAME -> parts.name = in.once().string();
                case Schema.Tensor.RAW_DATA -> parts.raw = in.once().slice();
                case Schema.Tensor.DOUBLE_DATA -> in.packed(parts.doubles, WireFormat.WIRETYPE_FIXED64);
                case Schema.Tensor.UINT64_DATA -> in.packed(parts.uint64s, WireFormat.WIRETYPE_VARINT);
                case Schema.Tensor.EXTERNAL_DATA -> entry("external data", parts.external);
                case Schema.Tensor.DATA_LOCATION -> parts.location = in.once().varint();
                default -> in.skip();
            }
        }
        return parts.toTensor(external);
    }
}
