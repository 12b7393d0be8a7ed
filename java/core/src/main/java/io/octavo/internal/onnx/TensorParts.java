package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The fields of a tensor as they come, and the tensor that they make. */
final class TensorParts {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    String name = "";
    ElementType type = ElementType.UNDEFINED;
    ByteBuffer raw = NOTHING;
    long location;
    final WireReader.Longs dims = new WireReader.Longs();
    final WireReader.Parts floats = new WireReader.Parts();
    final WireReader.Parts doubles = new WireReader.Parts();
    final WireReader.Parts int32s = new WireReader.Parts();
    final WireReader.Parts int64s = new WireReader.Parts();
    final WireReader.Parts uint64s = new WireReader.Parts();
    final List<String> strings = new ArrayList<>();
    final Map<String, String> external = new HashMap<>();

    /** The fields that can hold elements. */
    private enum Field {
        RAW_DATA,
        FLOAT_DATA,
        DOUBLE_DATA,
        INT32_DATA,
        INT64_DATA,
        UINT64_DATA,
        STRING_DATA,
        EXTERNAL_DATA
    }

    /** The tensor, of elements in one place, which is that for its type. */
    TensorDef toTensor(ExternalData files) {
        List<Long> shape = Arrays.stream(dims.toArray()).boxed().toList();
        List<Field> found = found();
        Field own = own();
        if (found.size() > 1) {
            throw new InvalidValueException("tensor " + Quoted.of(name) + " has elements in each of " + found);
        }
        Field field = found.isEmpty() ? Field.RAW_DATA : found.get(0);
        if (field == Field.EXTERNAL_DATA) {
            return external(shape, files);
        }
        if (field != Field.RAW_DATA && field != own) {
            throw new InvalidValueException("tensor " + Quoted.of(name) + " of type " + type + " has its elements in "
                    + field + ", expected " + own + " or " + Field.RAW_DATA);
        }
        if (own == Field.STRING_DATA) {
            if (field == Field.RAW_DATA && raw.hasRemaining()) {
                throw new InvalidValueException("tensor " + Quoted.of(name) + " of strings has raw data");
            }
            return new TensorDef(name, type, shape, new TensorData.Strings(strings));
        }
        return new TensorDef(
                name,
                type,
                shape,
                switch (field) {
                    case FLOAT_DATA -> new TensorData.Raw(floats.bytes());
                    case DOUBLE_DATA -> new TensorData.Raw(doubles.bytes());
                    case INT32_DATA -> new TensorData.Varints(int32s.bytes());
                    case INT64_DATA -> new TensorData.Varints(int64s.bytes());
                    case UINT64_DATA -> new TensorData.Varints(uint64s.bytes());
                    default -> new TensorData.Raw(raw);
                });
    }

    private TensorDef external(List<Long> shape, ExternalData files) {
        String what = "tensor " + Quoted.of(name);
        long elements = TensorDef.elements(name, shape);
        if (type == ElementType.UNDEFINED || type == ElementType.STRING) {
            throw new InvalidValueException(what + " of type " + type + " has external data");
        }
        long bytes;
        try {
            bytes = type.bytes(elements);
        } catch (ArithmeticException e) {
            throw new InvalidValueException(what + " " + shape + " has more elements than can be counted", e);
        }
        return new TensorDef(name, type, shape, files.read(external, bytes, what));
    }

    private List<Field> found() {
        List<Field> found = new ArrayList<>();
        note(found, Field.RAW_DATA, raw.hasRemaining());
        note(found, Field.FLOAT_DATA, !floats.isEmpty());
        note(found, Field.DOUBLE_DATA, !doubles.isEmpty());
        note(found, Field.INT32_DATA, !int32s.isEmpty());
        note(found, Field.INT64_DATA, !int64s.isEmpty());
        note(found, Field.UINT64_DATA, !uint64s.isEmpty());
        note(found, Field.STRING_DATA, !strings.isEmpty());
        note(found, Field.EXTERNAL_DATA, location == Schema.Tensor.EXTERNAL);
        return found;
    }

    private static void note(List<Field> found, Field field, boolean there) {
        if (there) {
            found.add(field);
        }
    }

    /** Where elements of the type lie if not in raw form. */
    private Field own() {
        return switch (type) {
            case F32, C64 -> Field.FLOAT_DATA;
            case F64, C128 -> Field.DOUBLE_DATA;
            case S64 -> Field.INT64_DATA;
            case U32, U64 -> Field.UINT64_DATA;
            case STRING -> Field.STRING_DATA;
            default -> Field.INT32_DATA;
        };
    }
}
