package io.octavo.quantize;

import io.octavo.CalibrationException;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.tensor.Inputs;
import java.util.Map;

/**
 * Post-training static quantization in three steps, {@link #prepare}, {@link #calibrate} and {@link #convert}, or in one,
 * {@link #quantizeStatic}. Names and meaning are those of PyTorch's eager mode. {@link #quantizeWeightOnly} quantizes the weights
 * of linear layers alone and needs no data.
 */
public final class Quantization {
    private Quantization() {}

    /**
     * Fuses the graph and decides which values an observer watches.
     *
     * @throws io.octavo.InvalidValueException if the graph is quantized already
     * @throws io.octavo.CalibrationException if nothing would be quantized
     */
    public static Prepared prepare(Graph graph, QConfig qconfig) {
        return prepare(graph, QConfigMapping.global(qconfig));
    }

    /**
     * {@link #prepare(Graph, QConfig)} with a qconfig for each layer.
     *
     * @throws io.octavo.InvalidValueException if the graph is quantized already, or an entry of the mapping names nothing in it
     * @throws io.octavo.CalibrationException if nothing would be quantized
     */
    public static Prepared prepare(Graph graph, QConfigMapping mapping) {
        return Prepared.of(graph, mapping);
    }

    /**
     * Runs the prepared graph on {@code data}, such as a data loader or a list of {@link Inputs#of(java.util.Map)}.
     *
     * @throws io.octavo.CalibrationException if {@code data} is empty
     * @throws io.octavo.NotFiniteException if an observed value holds NaN
     */
    public static Calibration calibrate(Prepared prepared, Iterable<? extends Inputs> data) {
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(data);
            return calibrator.result();
        }
    }

    /**
     * Encodes the weights and gives every quantized edge its scale and zero point.
     *
     * @return a graph with float inputs and outputs and integers between
     * @throws io.octavo.CalibrationException if {@code calibration} is of another network, or lacks a value that the graph needs
     * @throws io.octavo.NotFiniteException if a weight is NaN or infinite, naming the layer
     */
    public static Graph convert(Prepared prepared, Calibration calibration) {
        prepared.requireOwn(calibration);
        return new Converter(prepared, calibration).convert();
    }

    /**
     * {@link #convert(Prepared, Calibration)} of a graph that observes nothing: all of its qconfigs are
     * {@linkplain QConfig#weightOnly weight-only}.
     *
     * @throws io.octavo.CalibrationException if a value must be observed first
     */
    public static Graph convert(Prepared prepared) {
        if (!prepared.observed().isEmpty()) {
            throw new CalibrationException("graph " + prepared.graph().name() + ": values "
                    + prepared.observed().keySet()
                    + " get scales from what is observed: calibrate, or give each layer a weight-only qconfig");
        }
        return convert(prepared, new Calibration(prepared.fingerprint(), 0, Map.of()));
    }

    /**
     * Encodes the weights of linear layers, 8 or 4 bits each say, and leaves activations and everything else float.
     *
     * @param qconfig {@link QConfig#weightOnly}
     * @throws io.octavo.CalibrationException if there is no linear layer, or {@code qconfig} quantizes activations
     * @throws io.octavo.NotFiniteException if a weight is NaN or infinite, naming the layer
     */
    public static Graph quantizeWeightOnly(Graph graph, QConfig qconfig) {
        return convert(prepare(graph, qconfig));
    }

    /** {@link #prepare}, {@link #calibrate} and {@link #convert} in one call. */
    public static Graph quantizeStatic(Graph graph, QConfig qconfig, Iterable<? extends Inputs> calibrationData) {
        Prepared prepared = prepare(graph, qconfig);
        return convert(prepared, calibrate(prepared, calibrationData));
    }
}
