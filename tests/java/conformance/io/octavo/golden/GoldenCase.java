package io.octavo.golden;

import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** One case of a golden file: inputs and expected results by name, and plain parameters. */
public final class GoldenCase {
    private final Map<String, Tensor> tensors;
    private final Map<?, ?> fields;

    GoldenCase(Map<String, Tensor> tensors, Map<?, ?> fields) {
        this.tensors = tensors;
        this.fields = fields;
    }

    public String name() {
        return (String) fields.get("name");
    }

    /** An input tensor, or null if the case has none of this name or it is absent. */
    public Tensor input(String key) {
        return tensor("inputs", key);
    }

    /** An expected tensor, or null if there is none. */
    public Tensor expected(String key) {
        return tensor("expected", key);
    }

    private Tensor tensor(String side, String key) {
        return map(side).get(key) instanceof String name ? tensors.get(name) : null;
    }

    /** An expected value that is given as such, or null. */
    public Number expectedNumber(String key) {
        return map("expected").get(key) instanceof Number n ? n : null;
    }

    /** A parameter of any kind, or null. */
    public Object param(String key) {
        return map("params").get(key);
    }

    public float number(String key) {
        return ((Number) param(key)).floatValue(); // written so that this is exact
    }

    public int integer(String key) {
        return ((Number) param(key)).intValue();
    }

    public boolean flag(String key) {
        return param(key) instanceof Boolean b && b;
    }

    public int[] integers(String key) {
        return ((List<?>) param(key))
                .stream().mapToInt(n -> ((Number) n).intValue()).toArray();
    }

    private Map<?, ?> map(String side) {
        return (Map<?, ?>) fields.get(side);
    }
}
