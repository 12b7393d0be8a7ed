package io.octavo.fuzz;

import io.octavo.OctavoException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.onnx.Onnx;
import io.octavo.runtime.Session;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What happens to a file: it is read, a session of it is opened, and it runs on zeros, or a typed error says why not. */
final class Import {
    /** What an input may have for a run to be tried. */
    private static final long ELEMENTS = 1 << 18;

    private static final int SIZE_OF_UNKNOWN = 2;
    private static final int LONGEST_MESSAGE = 20_000;

    enum Result {
        REFUSED,
        READ,
        RAN
    }

    private Import() {}

    /** Throws what is no typed error, as it is. */
    static Result of(Path file) {
        Result result = Result.REFUSED;
        try {
            Graph graph = Onnx.read(file);
            result = Result.READ;
            List<Tensor> inputs = new ArrayList<>();
            for (Value input : graph.inputs()) {
                Shape shape = known(input.shape());
                if (shape.elements() > ELEMENTS) {
                    return result;
                }
                inputs.add(Tensor.zeros(input.dtype(), shape));
            }
            try (Session session = Session.builder(graph).threads(1).build()) {
                session.run(inputs);
                result = Result.RAN;
            } finally {
                inputs.forEach(Tensor::close);
            }
        } catch (OctavoException e) {
            if (e.getMessage() == null
                    || e.getMessage().isBlank()
                    || e.getMessage().length() > LONGEST_MESSAGE) {
                throw new AssertionError("no message to show to anybody: " + e.getMessage(), e);
            }
        }
        return result;
    }

    private static Shape known(Shape shape) {
        long[] dims = new long[shape.rank()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dimension(i).isKnown() ? shape.dimension(i).size() : SIZE_OF_UNKNOWN;
        }
        return Shape.of(dims);
    }
}
