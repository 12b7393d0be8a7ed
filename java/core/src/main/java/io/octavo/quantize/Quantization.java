package io.octavo.quantize;

import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.data.Batch;
import io.octavo.graph.Graph;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;

/**
 * Post-training static quantization in three steps, {@link #prepare}, {@link #calibrate} and {@link #convert}, or in one,
 * {@link #quantizeStatic}. Names and meaning are those of PyTorch's eager mode.
 */
public final class Quantization {
    private Quantization() {}

    /**
     * Fuses the graph and decides which values an observer watches.
     *
     * @throws io.octavo.CalibrationException if nothing would be quantized
     */
    public static Prepared prepare(Graph graph, QConfig qconfig) {
        return prepare(graph, QConfigMapping.global(qconfig));
    }

    /** {@link #prepare(Graph, QConfig)} with a qconfig for each layer. */
    public static Prepared prepare(Graph graph, QConfigMapping mapping) {
        return Prepared.of(graph, mapping);
    }

    /**
     * Runs the prepared graph on the images of {@code data}.
     *
     * @throws io.octavo.CalibrationException if {@code data} is empty
     * @throws io.octavo.NotFiniteException if an observed value holds NaN
     */
    public static Calibration calibrate(Prepared prepared, Iterable<Batch> data) {
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(data);
            return calibrator.result();
        }
    }

    /**
     * Encodes the weights and gives every quantized edge its scale and zero point.
     *
     * @return a graph with float inputs and outputs and integers between
     * @throws io.octavo.CalibrationException if {@code calibration} lacks a value that the graph needs
     * @throws io.octavo.NotFiniteException if a weight is NaN or infinite, naming the layer
     */
    public static Graph convert(Prepared prepared, Calibration calibration) {
        return new Converter(prepared, calibration).convert();
    }

    /** {@link #prepare}, {@link #calibrate} and {@link #convert} in one call. */
    public static Graph quantizeStatic(Graph graph, QConfig qconfig, Iterable<Batch> calibrationData) {
        Prepared prepared = prepare(graph, qconfig);
        return convert(prepared, calibrate(prepared, calibrationData));
    }
}
