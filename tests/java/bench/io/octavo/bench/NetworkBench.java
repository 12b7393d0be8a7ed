package io.octavo.bench;

import io.octavo.data.Batch;
import io.octavo.graph.Graph;
import io.octavo.nn.models.Models;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Backend;
import io.octavo.runtime.Session;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole network from Java, float NCHW in to float logits out, on one thread: Octavo's int8, the same integers by oneDNN, and
 * float by oneDNN. Weights are untrained: time does not depend on them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NetworkBench {
    /** Which network. */
    @Param({"seednet", "resnet20"})
    public String model;

    /** Who computes it. */
    @Param({"int8", "int8-onednn", "float"})
    public String form;

    /** Images a run. */
    @Param({"1", "128"})
    public int batch;

    private Session session;
    private Tensor input;
    private Tensor output;

    @Setup(Level.Trial)
    public void open() {
        Graph network =
                (model.equals("seednet") ? Models.seedNet() : Models.resnet20()).graph(Shape.of(Shape.N, 3, 32, 32), 1);
        Graph graph = form.equals("float")
                ? network
                : Quantization.quantizeStatic(network, QConfig.getDefault("fbgemm"), List.of(images(32)));
        Backend backend = form.equals("int8-onednn") ? Backend.ONEDNN : Backend.AUTO;
        session = Session.builder(graph).threads(1).backend(backend).build();
        input = images(batch).images();
        output = session.run(input);
    }

    private static Batch images(int count) {
        SplittableRandom random = new SplittableRandom(count);
        float[] pixels = new float[count * 3 * 32 * 32];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextDouble(-1, 1);
        }
        return new Batch(Tensor.of(pixels, count, 3, 32, 32), Tensor.ofInts(new int[count], count));
    }

    @Benchmark
    public Tensor run() {
        session.run(input, output);
        return output;
    }

    @TearDown(Level.Trial)
    public void close() {
        session.close();
    }
}
