package io.octavo.onnx;

import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.TensorDef;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Attributes of a node that is written. */
final class Attributes {
    /** None. */
    static final Map<String, Attribute> NONE = Map.of();

    private final Map<String, Attribute> map = new TreeMap<>();

    Attributes put(String name, long value) {
        map.put(name, new Attribute.OfInt(value));
        return this;
    }

    Attributes put(String name, boolean value) {
        return put(name, value ? 1 : 0);
    }

    Attributes put(String name, float value) {
        map.put(name, new Attribute.OfFloat(value));
        return this;
    }

    Attributes put(String name, String value) {
        map.put(name, new Attribute.OfString(value));
        return this;
    }

    Attributes put(String name, TensorDef value) {
        map.put(name, new Attribute.OfTensor(value));
        return this;
    }

    Attributes ints(String name, long... values) {
        map.put(name, new Attribute.OfInts(values));
        return this;
    }

    Attributes ints(String name, List<Integer> values) {
        return ints(name, values.stream().mapToLong(Integer::longValue).toArray());
    }

    Map<String, Attribute> map() {
        return map;
    }

    static Map<String, Attribute> of(String name, long value) {
        return new Attributes().put(name, value).map();
    }

    static Map<String, Attribute> of(String name, float value) {
        return new Attributes().put(name, value).map();
    }
}
