package io.octavo.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** What ONNX Runtime computes for a model file, on one thread. */
public final class OnnxRuntime {
    private static final long STACK = 64L << 20;

    private OnnxRuntime() {}

    /**
     * All outputs by name, of F32 and integers. In a thread of a large stack: ONNX Runtime 1.29 goes through the command line of the
     * process by recursion, and with one of 4,000 characters, as a long class path makes it, overflows the megabyte that Java's threads
     * have.
     */
    public static Map<String, Tensor> run(Path file, Map<String, Tensor> inputs) {
        AtomicReference<Map<String, Tensor>> outputs = new AtomicReference<>();
        AtomicReference<OrtException> failure = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        outputs.set(runHere(file, inputs));
                    } catch (OrtException e) {
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
            throw new IllegalStateException("ONNX Runtime on " + file, failure.get());
        }
        return outputs.get();
    }

    private static Map<String, Tensor> runHere(Path file, Map<String, Tensor> inputs) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> given = new HashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                given.put(input.getKey(), tensor(environment, input.getValue()));
            }
            try (OrtSession session = environment.createSession(file.toString(), options);
                    OrtSession.Result result = session.run(given)) {
                Map<String, Tensor> outputs = new LinkedHashMap<>();
                for (Map.Entry<String, ai.onnxruntime.OnnxValue> output : result) {
                    outputs.put(output.getKey(), tensor((OnnxTensor) output.getValue()));
                }
                return outputs;
            }
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor tensor(OrtEnvironment environment, Tensor from) throws OrtException {
        long[] dims = from.shape().dims();
        return switch (from.dtype()) {
            case F32 -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(from.toFloatArray()), dims);
            case S64 -> OnnxTensor.createTensor(environment, LongBuffer.wrap(from.toLongArray()), dims);
            case S32 -> OnnxTensor.createTensor(environment, IntBuffer.wrap(from.toIntArray()), dims);
            default -> throw new IllegalArgumentException(from + ": no test needs that type");
        };
    }

    private static Tensor tensor(OnnxTensor from) {
        long[] dims = from.getInfo().getShape();
        return switch (from.getInfo().type) {
            case FLOAT -> Tensor.of(floats(from.getFloatBuffer()), dims);
            case INT64 -> Tensor.ofLongs(longs(from.getLongBuffer())).reshape(dims);
            case INT32 -> Tensor.ofInts(ints(from.getIntBuffer())).reshape(dims);
            case UINT8 -> Tensor.ofBytes(DType.U8, bytes(from.getByteBuffer()), dims);
            case INT8 -> Tensor.ofBytes(DType.S8, bytes(from.getByteBuffer()), dims);
            default -> throw new IllegalArgumentException(from + ": no test needs that type");
        };
    }

    private static float[] floats(FloatBuffer from) {
        float[] copy = new float[from.remaining()];
        from.get(copy);
        return copy;
    }

    private static long[] longs(LongBuffer from) {
        long[] copy = new long[from.remaining()];
        from.get(copy);
        return copy;
    }

    private static int[] ints(IntBuffer from) {
        int[] copy = new int[from.remaining()];
        from.get(copy);
        return copy;
    }

    private static byte[] bytes(ByteBuffer from) {
        byte[] copy = new byte[from.remaining()];
        from.get(copy);
        return copy;
    }
}
