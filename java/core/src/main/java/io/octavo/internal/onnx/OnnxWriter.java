package io.octavo.internal.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Map;

/** The bytes of records: a method for each message, which writes its fields in the order of their numbers. Equal records, equal bytes. */
final class OnnxWriter {
    private final WireWriter out = new WireWriter();
    private final WireWriter.Body body;

    private OnnxWriter(ModelDef model) {
        body = () -> model(model);
    }

    private OnnxWriter(TensorDef tensor) {
        body = () -> tensor(tensor);
    }

    /**
     * A writer of a model's bytes, whose sizes are known.
     *
     * @throws io.octavo.UnsupportedException if it takes more than 2 GiB
     */
    static OnnxWriter of(ModelDef model) {
        return new OnnxWriter(model).measured();
    }

    /** As {@link #of(ModelDef)}. */
    static OnnxWriter of(TensorDef tensor) {
        return new OnnxWriter(tensor).measured();
    }

    private OnnxWriter measured() {
        out.measure(body);
        return this;
    }

    /** Writes the bytes, once. */
    void writeTo(WritableByteChannel channel) throws IOException {
        out.write(channel, body);
    }

    private void model(ModelDef model) throws IOException {
        out.varint(Schema.Model.IR_VERSION, model.irVersion());
        out.optional(Schema.Model.PRODUCER_NAME, model.producer().name());
        out.optional(Schema.Model.PRODUCER_VERSION, model.producer().version());
        out.optional(Schema.Model.DOMAIN, model.producer().domain());
        if (model.producer().modelVersion() != 0) {
            out.varint(Schema.Model.MODEL_VERSION, model.producer().modelVersion());
        }
        out.message(Schema.Model.GRAPH, () -> graph(model.graph()));
        opsets(Schema.Model.OPSET_IMPORT, model.opsets());
        for (Map.Entry<String, String> entry : model.metadata().entrySet()) {
            out.message(Schema.Model.METADATA, () -> {
                out.string(Schema.Entry.KEY, entry.getKey());
                out.string(Schema.Entry.VALUE, entry.getValue());
            });
        }
        for (FunctionDef function : model.functions()) {
            out.message(Schema.Model.FUNCTIONS, () -> function(function));
        }
    }

    private void opsets(int field, Map<String, Long> opsets) throws IOException {
        for (Map.Entry<String, Long> opset : opsets.entrySet()) {
            out.message(field, () -> {
                out.string(Schema.Opset.DOMAIN, opset.getKey());
                out.varint(Schema.Opset.VERSION, opset.getValue());
            });
        }
    }

    private void graph(GraphDef graph) throws IOException {
        for (NodeDef node : graph.nodes()) {
            out.message(Schema.Graph.NODE, () -> node(node));
        }
        out.string(Schema.Graph.NAME, graph.name());
        for (TensorDef initializer : graph.initializers()) {
            out.message(Schema.Graph.INITIALIZER, () -> tensor(initializer));
        }
        values(Schema.Graph.INPUT, graph.inputs());
        values(Schema.Graph.OUTPUT, graph.outputs());
        values(Schema.Graph.VALUE_INFO, graph.values());
    }

    private void function(FunctionDef function) throws IOException {
        out.string(Schema.Function.NAME, function.name());
        strings(Schema.Function.INPUT, function.inputs());
        strings(Schema.Function.OUTPUT, function.outputs());
        strings(Schema.Function.ATTRIBUTE, function.attributes());
        for (NodeDef node : function.nodes()) {
            out.message(Schema.Function.NODE, () -> node(node));
        }
        opsets(Schema.Function.OPSET_IMPORT, function.opsets());
        out.optional(Schema.Function.DOMAIN, function.domain());
        attributes(Schema.Function.ATTRIBUTE_PROTO, function.defaults());
        values(Schema.Function.VALUE_INFO, function.values());
        out.optional(Schema.Function.OVERLOAD, function.overload());
    }

    private void node(NodeDef node) throws IOException {
        strings(Schema.Node.INPUT, node.inputs());
        strings(Schema.Node.OUTPUT, node.outputs());
        out.optional(Schema.Node.NAME, node.name());
        out.string(Schema.Node.OP_TYPE, node.opType());
        attributes(Schema.Node.ATTRIBUTE, node.attributes());
        out.optional(Schema.Node.DOMAIN, node.domain());
        out.optional(Schema.Node.OVERLOAD, node.overload());
    }

    private void strings(int field, List<String> values) throws IOException {
        for (String value : values) {
            out.string(field, value);
        }
    }

    private void attributes(int field, Map<String, Attribute> attributes) throws IOException {
        for (Map.Entry<String, Attribute> attribute : attributes.entrySet()) {
            out.message(field, () -> {
                out.string(Schema.Attr.NAME, attribute.getKey());
                value(attribute.getValue());
                out.varint(Schema.Attr.TYPE, attribute.getValue().kind().number);
                if (attribute.getValue() instanceof Attribute.Reference reference) {
                    out.string(Schema.Attr.REF_ATTR_NAME, reference.name());
                }
            });
        }
    }

    private void value(Attribute attribute) throws IOException {
        if (attribute instanceof Attribute.OfFloat real) {
            out.fixed32(Schema.Attr.F, real.value());
        } else if (attribute instanceof Attribute.OfInt integer) {
            out.varint(Schema.Attr.I, integer.value());
        } else if (attribute instanceof Attribute.OfString string) {
            out.string(Schema.Attr.S, string.value());
        } else if (attribute instanceof Attribute.OfTensor tensor) {
            out.message(Schema.Attr.T, () -> tensor(tensor.value()));
        } else if (attribute instanceof Attribute.OfGraph graph) {
            out.message(Schema.Attr.G, () -> graph(graph.value()));
        } else if (attribute instanceof Attribute.OfFloats reals) {
            out.reals(Schema.Attr.FLOATS, reals.values());
        } else if (attribute instanceof Attribute.OfInts integers) {
            out.integers(Schema.Attr.INTS, integers.values());
        } else if (attribute instanceof Attribute.OfStrings strings) {
            strings(Schema.Attr.STRINGS, strings.values());
        } else if (attribute instanceof Attribute.OfTensors tensors) {
            for (TensorDef tensor : tensors.values()) {
                out.message(Schema.Attr.TENSORS, () -> tensor(tensor));
            }
        } else if (attribute instanceof Attribute.OfGraphs graphs) {
            for (GraphDef graph : graphs.values()) {
                out.message(Schema.Attr.GRAPHS, () -> graph(graph));
            }
        } else if (attribute instanceof Attribute.Opaque opaque) {
            for (ByteBuffer message : opaque.messages()) {
                kept(field(opaque.kind()), message);
            }
        }
    }

    private static int field(Attribute.Kind kind) {
        return switch (kind) {
            case TYPE -> Schema.Attr.TP;
            case TYPES -> Schema.Attr.TYPE_PROTOS;
            case SPARSE_TENSOR -> Schema.Attr.SPARSE_TENSOR;
            case SPARSE_TENSORS -> Schema.Attr.SPARSE_TENSORS;
            default -> throw new IllegalStateException(kind + " has a form of its own");
        };
    }

    /** A message that is written as it was read. */
    private void kept(int field, ByteBuffer message) throws IOException {
        out.data(field, message.remaining(), () -> message);
    }

    private void values(int field, List<ValueInfo> values) throws IOException {
        for (ValueInfo value : values) {
            out.message(field, () -> {
                out.string(Schema.Value.NAME, value.name());
                if (!value.type().equals(ValueType.UNKNOWN)) {
                    out.message(Schema.Value.TYPE, () -> type(value.type()));
                }
            });
        }
    }

    private void type(ValueType type) throws IOException {
        if (type instanceof ValueType.OfTensor tensor) {
            out.message(Schema.Type.TENSOR, () -> {
                out.varint(Schema.TensorType.ELEM_TYPE, tensor.element().number());
                if (tensor.dims() != null) {
                    out.message(Schema.TensorType.SHAPE, () -> dims(tensor.dims()));
                }
            });
        } else if (type instanceof ValueType.Other other) {
            kept(
                    switch (other.kind()) {
                        case SEQUENCE -> Schema.Type.SEQUENCE;
                        case MAP -> Schema.Type.MAP;
                        case OPAQUE -> Schema.Type.OPAQUE;
                        case SPARSE_TENSOR -> Schema.Type.SPARSE_TENSOR;
                        case OPTIONAL -> Schema.Type.OPTIONAL;
                    },
                    other.message());
        }
    }

    private void dims(List<DimDef> dims) throws IOException {
        for (DimDef dim : dims) {
            out.message(Schema.ShapeProto.DIM, () -> {
                if (dim instanceof DimDef.Size size) {
                    out.varint(Schema.Dimension.DIM_VALUE, size.value());
                } else if (dim instanceof DimDef.Named named) {
                    out.string(Schema.Dimension.DIM_PARAM, named.name());
                }
            });
        }
    }

    /** Elements are written in raw form, wherever they lay. */
    private void tensor(TensorDef tensor) throws IOException {
        out.integers(Schema.Tensor.DIMS, tensor.dimArray());
        out.varint(Schema.Tensor.DATA_TYPE, tensor.type().number());
        if (tensor.data() instanceof TensorData.Strings strings) {
            strings(Schema.Tensor.STRING_DATA, strings.values());
        }
        out.optional(Schema.Tensor.NAME, tensor.name());
        if (tensor.type() != ElementType.STRING) {
            out.data(Schema.Tensor.RAW_DATA, tensor.rawBytes(), tensor::raw);
        }
    }
}
