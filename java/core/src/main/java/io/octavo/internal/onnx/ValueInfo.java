package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.List;

/**
 * A value and what the file says of its type.
 *
 * @param name not empty
 */
public record ValueInfo(String name, ValueType type) {
    public ValueInfo {
        Names.require(name, "a value");
        InvalidValueException.requireNonNull(type, "type of value " + Quoted.of(name));
    }

    /** A tensor; {@code dims} as in {@link ValueType.OfTensor}. */
    public static ValueInfo of(String name, ElementType element, List<DimDef> dims) {
        return new ValueInfo(name, new ValueType.OfTensor(element, dims));
    }
}
