package io.octavo.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** Models in ONNX Runtime, on one thread. */
final class OnnxRuntimeRuns {
    private static final long STACK = 64L << 20;

    private OnnxRuntimeRuns() {}

    /** What is done with a session. */
    interface Use {
        void with(OrtEnvironment environment, OrtSession session) throws OrtException;
    }

    /**
     * Opens a model. In a thread of a large stack: ONNX Runtime 1.29 goes through the command line of the process by recursion, and
     * with one of 4,000 characters, as a long class path makes it, overflows the megabyte that Java's threads have.
     */
    static void open(Path file, Use use) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    OrtEnvironment environment = OrtEnvironment.getEnvironment();
                    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                        options.setIntraOpNumThreads(1);
                        try (OrtSession session = environment.createSession(file.toString(), options)) {
                            use.with(environment, session);
                        }
                    } catch (OrtException | RuntimeException | AssertionError e) {
                        failure.set(e);
                    }
                },
                "ONNX Runtime",
                STACK);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (failure.get() != null) {
            throw new AssertionError(file + " in ONNX Runtime: " + failure.get().getMessage(), failure.get());
        }
    }

    /** The outputs of a model of these inputs, in the order of the graph's. */
    static List<Tensor> run(Path file, List<Value> outputs, Map<String, Tensor> inputs) {
        List<Tensor> found = new ArrayList<>();
        open(file, (environment, session) -> found.addAll(run(environment, session, outputs, inputs)));
        return found;
    }

    static List<Tensor> run(
            OrtEnvironment environment, OrtSession session, List<Value> outputs, Map<String, Tensor> inputs)
            throws OrtException {
        Map<String, OnnxTensor> given = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                Tensor tensor = input.getValue();
                ByteBuffer bytes = tensor.bytes();
                given.put(
                        input.getKey(),
                        OnnxTensor.createTensor(
                                environment, bytes, tensor.shape().dims(), type(tensor.dtype())));
            }
            List<Tensor> found = new ArrayList<>();
            try (OrtSession.Result result = session.run(given)) {
                for (Value output : outputs) {
                    found.add(tensor((OnnxTensor) result.get(output.name()).orElseThrow(), output.dtype()));
                }
            }
            return found;
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private static Tensor tensor(OnnxTensor of, DType dtype) {
        TensorInfo info = of.getInfo();
        if (info.type != type(dtype)) {
            throw new AssertionError("an output is " + info + ", expected " + dtype);
        }
        Tensor tensor = Tensor.zeros(dtype, Shape.of(info.getShape()));
        tensor.bytes().put(of.getByteBuffer().order(ByteOrder.nativeOrder()));
        return tensor;
    }

    private static OnnxJavaType type(DType dtype) {
        return switch (dtype) {
            case F32 -> OnnxJavaType.FLOAT;
            case U8 -> OnnxJavaType.UINT8;
            case S8 -> OnnxJavaType.INT8;
            case S32 -> OnnxJavaType.INT32;
            case S64 -> OnnxJavaType.INT64;
            case BOOL -> OnnxJavaType.BOOL;
        };
    }
}
