package io.octavo.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** Models in ONNX Runtime, on one thread. */
public final class OnnxRuntime {
    private static final long STACK = 64L << 20;

    private OnnxRuntime() {}

    /** What is done with a session. */
    private interface Use {
        void with(OrtEnvironment environment, OrtSession session) throws OrtException;
    }

    /**
     * Opens a model. In a thread of a large stack: ONNX Runtime 1.29 goes through the command line of the process by recursion, and
     * with one of 4,000 characters, as a long class path makes it, overflows the megabyte that Java's threads have.
     */
    private static void open(Path file, Use use) {
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

    /** All outputs of a model by name. */
    public static Map<String, Tensor> run(Path file, Map<String, Tensor> inputs) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        open(file, (environment, session) -> outputs.putAll(run(environment, session, inputs)));
        return outputs;
    }

    /** The outputs of a model, of the types and in the order of the graph's. */
    static List<Tensor> run(Path file, List<Value> outputs, Map<String, Tensor> inputs) {
        Map<String, Tensor> found = run(file, inputs);
        return outputs.stream()
                .map(output -> {
                    Tensor tensor = found.get(output.name());
                    if (tensor == null || tensor.dtype() != output.dtype()) {
                        throw new AssertionError("output " + output + " is " + tensor);
                    }
                    return tensor;
                })
                .toList();
    }

    private static Map<String, Tensor> run(OrtEnvironment environment, OrtSession session, Map<String, Tensor> inputs)
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
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            try (OrtSession.Result result = session.run(given)) {
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.put(output.getKey(), tensor((OnnxTensor) output.getValue()));
                }
            }
            return outputs;
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private static Tensor tensor(OnnxTensor of) {
        TensorInfo info = of.getInfo();
        for (DType dtype : DType.values()) {
            if (type(dtype) == info.type) {
                Tensor tensor = Tensor.zeros(dtype, Shape.of(info.getShape()));
                tensor.bytes().put(of.getByteBuffer().order(ByteOrder.nativeOrder()));
                return tensor;
            }
        }
        throw new AssertionError("an output is " + info);
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
