package io.octavo.bench;

import static io.octavo.natives.global.octavo.octavo_squared_error;
import static io.octavo.natives.global.octavo.octavo_threads;

import io.octavo.natives.global.octavo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What one call from Java into the native library costs, by the kind of its arguments; the work done is one element's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class CrossingBench {
    static {
        // Before the first Pointer is made.
        Loader.load(octavo.class);
    }

    private final FloatPointer aPointer = new FloatPointer(1);
    private final FloatPointer bPointer = new FloatPointer(1);
    private final DoublePointer errorPointer = new DoublePointer(1);
    private final DoublePointer powerPointer = new DoublePointer(1);

    private final FloatBuffer aBuffer = direct(Float.BYTES).asFloatBuffer();
    private final FloatBuffer bBuffer = direct(Float.BYTES).asFloatBuffer();
    private final DoubleBuffer errorBuffer = direct(Double.BYTES).asDoubleBuffer();
    private final DoubleBuffer powerBuffer = direct(Double.BYTES).asDoubleBuffer();

    private final float[] aArray = new float[1];
    private final float[] bArray = new float[1];
    private final double[] errorArray = new double[1];
    private final double[] powerArray = new double[1];

    @Benchmark
    public int noArgument() {
        return octavo_threads();
    }

    @Benchmark
    public int pointers() {
        return octavo_squared_error(aPointer, bPointer, 1, errorPointer, powerPointer);
    }

    @Benchmark
    public int directBuffers() {
        return octavo_squared_error(aBuffer, bBuffer, 1, errorBuffer, powerBuffer);
    }

    @Benchmark
    public int arrays() {
        return octavo_squared_error(aArray, bArray, 1, errorArray, powerArray);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
