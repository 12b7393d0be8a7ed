package io.octavo.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** A model in ONNX Runtime, with all its optimizations. Input and output stay in memory outside the heap, as Octavo's do. */
final class OrtContender implements Contender {
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final FloatBuffer output;

    OrtContender(Path model, int threads, float[] input, long... dims) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            session = environment.createSession(model.toString(), options);
            FloatBuffer x = buffer(input.length).put(input).flip();
            inputs = Map.of(session.getInputNames().iterator().next(), OnnxTensor.createTensor(environment, x, dims));
            // A run without a place for its output tells how large that is.
            try (OrtSession.Result result = session.run(inputs)) {
                OnnxTensor first = (OnnxTensor) result.get(0);
                long[] shape = first.getInfo().getShape();
                output = buffer(first.getFloatBuffer().remaining());
                outputs = Map.of(
                        session.getOutputNames().iterator().next(),
                        OnnxTensor.createTensor(environment, output, shape));
            }
        } catch (OrtException e) {
            throw new IllegalStateException(model + ": " + e.getMessage(), e);
        }
    }

    private static FloatBuffer buffer(int floats) {
        return ByteBuffer.allocateDirect(floats * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    @Override
    public void run() {
        try {
            session.run(inputs, outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public float[] output() {
        float[] values = new float[output.capacity()];
        output.duplicate().clear().get(values);
        return values;
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
