package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The fields of an attribute as they come, and the one attribute that they make. */
final class AttributeParts {
    String name = "";
    String reference = "";
    long type;
    final WireReader.Parts floats = new WireReader.Parts();
    final WireReader.Longs ints = new WireReader.Longs();
    final List<String> strings = new ArrayList<>();
    final List<TensorDef> tensors = new ArrayList<>();
    final List<GraphDef> graphs = new ArrayList<>();

    private final List<ByteBuffer> messages = new ArrayList<>();
    private final Set<Attribute.Kind> found = EnumSet.noneOf(Attribute.Kind.class);
    private Attribute single;

    /** A value of a kind that is not a list. */
    void single(Attribute.Kind kind, Attribute value) {
        found.add(kind);
        single = value;
    }

    /** A message of a kind that is kept as it is. */
    void opaque(Attribute.Kind kind, ByteBuffer message) {
        found.add(kind);
        messages.add(message);
    }

    /**
     * The attribute. Its type says which value is its own, as zeros and empty lists need not be written; the first files had no type, and
     * one value.
     */
    Attribute toAttribute() {
        note(Attribute.Kind.FLOATS, floats.isEmpty());
        note(Attribute.Kind.INTS, ints.size() == 0);
        note(Attribute.Kind.STRINGS, strings.isEmpty());
        note(Attribute.Kind.TENSORS, tensors.isEmpty());
        note(Attribute.Kind.GRAPHS, graphs.isEmpty());
        Attribute.Kind kind = kind();
        if (!reference.isEmpty() ? !found.isEmpty() : found.size() > 1 || !found.isEmpty() && !found.contains(kind)) {
            throw new InvalidValueException("attribute " + Quoted.of(name) + " of type " + kind + " has values of "
                    + found + (reference.isEmpty() ? "" : " beside a reference"));
        }
        if (!reference.isEmpty()) {
            return new Attribute.Reference(reference, kind);
        }
        return switch (kind) {
            case FLOAT -> single == null ? new Attribute.OfFloat(0) : single;
            case INT -> single == null ? new Attribute.OfInt(0) : single;
            case STRING -> single == null ? new Attribute.OfString("") : single;
            case TENSOR, GRAPH -> required(kind);
            case FLOATS -> new Attribute.OfFloats(floatArray());
            case INTS -> new Attribute.OfInts(ints.toArray());
            case STRINGS -> new Attribute.OfStrings(strings);
            case TENSORS -> new Attribute.OfTensors(tensors);
            case GRAPHS -> new Attribute.OfGraphs(graphs);
            case SPARSE_TENSOR, SPARSE_TENSORS, TYPE, TYPES -> new Attribute.Opaque(kind, messages);
        };
    }

    private void note(Attribute.Kind kind, boolean absent) {
        if (!absent) {
            found.add(kind);
        }
    }

    private Attribute.Kind kind() {
        if (type == 0 && found.size() == 1) {
            return found.iterator().next();
        }
        for (Attribute.Kind kind : Attribute.Kind.values()) {
            if (kind.number == type) {
                return kind;
            }
        }
        throw new InvalidValueException(
                "attribute " + Quoted.of(name) + " has type " + type + " and values of " + found);
    }

    private Attribute required(Attribute.Kind kind) {
        if (single == null) {
            throw new InvalidValueException("attribute " + Quoted.of(name) + " of type " + kind + " has no value");
        }
        return single;
    }

    private float[] floatArray() {
        if (floats.isEmpty()) {
            return new float[0];
        }
        ByteBuffer bytes = floats.bytes().order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() % Float.BYTES != 0) {
            throw new InvalidValueException(
                    "attribute " + Quoted.of(name) + " has " + bytes.remaining() + " bytes of real numbers");
        }
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }
}
