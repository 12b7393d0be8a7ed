package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.List;
import java.util.Map;

/**
 * A node of a file's graph.
 *
 * @param name may be empty, and need not be the only one of its kind
 * @param domain of the operator; empty: the default one, whichever of its two names the file uses
 * @param opType name of the operator, not empty
 * @param overload which of several functions of that name; mostly empty
 * @param inputs names of values; empty: an optional one is left out
 * @param outputs names of values; empty: an optional one is left out
 * @param attributes by name
 */
public record NodeDef(
        String name,
        String domain,
        String opType,
        String overload,
        List<String> inputs,
        List<String> outputs,
        Map<String, Attribute> attributes) {
    public NodeDef {
        InvalidValueException.requireNonNull(name, "name of a node");
        domain = Names.domain(InvalidValueException.requireNonNull(domain, "domain of node " + Quoted.of(name)));
        InvalidValueException.requireNonNull(overload, "overload of node " + Quoted.of(name));
        if (InvalidValueException.requireNonNull(opType, "operator of node " + Quoted.of(name))
                .isEmpty()) {
            throw new InvalidValueException("node " + Quoted.of(name) + " names no operator");
        }
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = Names.sorted(attributes, "attribute");
    }

    /** A node of the default domain. */
    public static NodeDef of(
            String name, String opType, List<String> inputs, List<String> outputs, Map<String, Attribute> attributes) {
        return new NodeDef(name, "", opType, "", inputs, outputs, attributes);
    }

    /** Whether input {@code i} is given: there are so many, and its name is not empty. */
    public boolean hasInput(int i) {
        return i < inputs.size() && !inputs.get(i).isEmpty();
    }

    /** Whether output {@code i} is asked for. */
    public boolean hasOutput(int i) {
        return i < outputs.size() && !outputs.get(i).isEmpty();
    }

    /** Whether it has that attribute. */
    public boolean has(String attribute) {
        return attributes.containsKey(attribute);
    }

    /**
     * An integer.
     *
     * @param otherwise what it is where the node has no such attribute
     * @throws InvalidValueException if the attribute is of another kind; so for all of these
     */
    public long getInt(String attribute, long otherwise) {
        Attribute.OfInt found = get(attribute, Attribute.OfInt.class, Attribute.Kind.INT);
        return found == null ? otherwise : found.value();
    }

    /** A real number, or {@code otherwise}. */
    public float getFloat(String attribute, float otherwise) {
        Attribute.OfFloat found = get(attribute, Attribute.OfFloat.class, Attribute.Kind.FLOAT);
        return found == null ? otherwise : found.value();
    }

    /** A string, or {@code otherwise}. */
    public String getString(String attribute, String otherwise) {
        Attribute.OfString found = get(attribute, Attribute.OfString.class, Attribute.Kind.STRING);
        return found == null ? otherwise : found.value();
    }

    /** Integers; null: there are none of that name. */
    public long[] getInts(String attribute) {
        Attribute.OfInts found = get(attribute, Attribute.OfInts.class, Attribute.Kind.INTS);
        return found == null ? null : found.values();
    }

    /** Real numbers; null: there are none of that name. */
    public float[] getFloats(String attribute) {
        Attribute.OfFloats found = get(attribute, Attribute.OfFloats.class, Attribute.Kind.FLOATS);
        return found == null ? null : found.values();
    }

    /** Strings; null: there are none of that name. */
    public List<String> getStrings(String attribute) {
        Attribute.OfStrings found = get(attribute, Attribute.OfStrings.class, Attribute.Kind.STRINGS);
        return found == null ? null : found.values();
    }

    /** A constant; null: there is none of that name. */
    public TensorDef getTensor(String attribute) {
        Attribute.OfTensor found = get(attribute, Attribute.OfTensor.class, Attribute.Kind.TENSOR);
        return found == null ? null : found.value();
    }

    /** A graph; null: there is none of that name. */
    public GraphDef getGraph(String attribute) {
        Attribute.OfGraph found = get(attribute, Attribute.OfGraph.class, Attribute.Kind.GRAPH);
        return found == null ? null : found.value();
    }

    private <T extends Attribute> T get(String attribute, Class<T> type, Attribute.Kind expected) {
        Attribute found = attributes.get(attribute);
        if (found == null || type.isInstance(found)) {
            return type.cast(found);
        }
        throw new InvalidValueException(this + ": attribute " + Quoted.of(attribute) + " is "
                + (found instanceof Attribute.Reference reference
                        ? "a reference to the function's " + Quoted.of(reference.name())
                        : found.kind())
                + ", expected " + expected);
    }

    /** How messages name it: operator and name, or else the first output's. */
    @Override
    public String toString() {
        String type = domain.isEmpty() ? opType : domain + "." + opType;
        String called = !name.isEmpty() ? Quoted.of(name) : hasOutput(0) ? "of " + Quoted.of(outputs.get(0)) : "";
        return ("node " + type + " " + called).strip();
    }
}
