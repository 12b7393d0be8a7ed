package io.octavo.bench;

import io.octavo.onnx.Onnx;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/** A model that Octavo imported. */
final class OctavoContender implements Contender {
    private final Session session;
    private final Session.Binding binding;

    OctavoContender(Path model, int threads, float[] input, long... dims) {
        session = Session.builder(Onnx.read(model)).threads(threads).build();
        Tensor x = Tensor.of(input, dims);
        Shape out = session.graph().outputs().get(0).shape().withBatch(dims[0]);
        binding = session.bind(List.of(x), List.of(Tensor.zeros(DType.F32, out)));
    }

    @Override
    public void run() {
        binding.run();
    }

    @Override
    public float[] output() {
        return binding.outputs().get(0).toFloatArray();
    }

    @Override
    public void close() {
        session.close();
    }
}
