package io.octavo.calibrate;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import java.util.Map;

/**
 * A float graph ready for calibration: dropout removed, batch normalization folded, activations and residual adds fused into their
 * producers where their qconfigs agree, what becomes of each node decided, and a list of the values that need an observer.
 *
 * <p>How each operator is quantized is one table: its {@link Decision} says what came of it and why. Observed are float values that a
 * node on codes reads, and results that get a scale of their own: of {@code Conv2d}, {@code Linear} and {@code Add}, and, where an
 * operand is codes already, of functions of one and two numbers, means and joins. Where a clamp that was not fused is all that reads
 * such a result, what the clamp leaves of it is observed; where a join is, what it becomes a part of. Sigmoids, tanh and their like have
 * a fixed scale. Poolings, movement and stand-alone activations of codes keep the scale of their input, as in PyTorch's eager mode, and
 * those of float values run in float; nor does a linear layer whose qconfig is weight-only need an observer, as it stays float. Where
 * nodes of different qconfigs read a float value, the one whose name comes first makes its codes.
 */
public final class Prepared {
    private final Graph source;
    private final QConfigMapping mapping;
    private final String fingerprint;
    private final Graph graph;
    private final Map<String, Decision> decisions;
    private final Map<String, QConfig> observed;

    private Prepared(Graph source, QConfigMapping mapping, String fingerprint) {
        Preparation preparation = new Preparation(source, mapping);
        this.source = source;
        this.mapping = mapping;
        this.fingerprint = fingerprint;
        this.graph = preparation.graph();
        this.decisions = preparation.decisions();
        this.observed = preparation.observed();
    }

    /**
     * Fuses {@code graph} and decides what to observe.
     *
     * @param graph a float graph
     * @param mapping which layer is quantized how; a layer without a qconfig stays float
     * @throws InvalidValueException if the graph is quantized already, or an entry of the mapping names nothing in it
     * @throws CalibrationException if no layer of the graph would be quantized
     */
    public static Prepared of(Graph graph, QConfigMapping mapping) {
        return new Prepared(graph, mapping, Fingerprint.of(graph));
    }

    /** The fused float graph; its value names are those that a {@link Calibration} uses. */
    public Graph graph() {
        return graph;
    }

    /** Which layer is quantized how. */
    public QConfigMapping mapping() {
        return mapping;
    }

    /** What becomes of each node of {@link #graph}, by its name, in the order of execution. */
    public Map<String, Decision> decisions() {
        return decisions;
    }

    /** Names of the observed values, each with the qconfig that says how, in the order of execution. */
    public Map<String, QConfig> observed() {
        return observed;
    }

    /**
     * Tells networks apart: a SHA-256, in hexadecimal digits, of the graph that was prepared, its weights included. The mapping
     * and the order of independent nodes have no part in it.
     */
    public String fingerprint() {
        return fingerprint;
    }

    /**
     * Checks that a calibration is of this network.
     *
     * @throws CalibrationException if it is of another
     */
    public void requireOwn(Calibration calibration) {
        if (!calibration.network().equals(fingerprint)) {
            throw new CalibrationException("graph " + source.name() + " has the fingerprint " + fingerprint
                    + ", but the calibration is of a network of fingerprint " + calibration.network()
                    + ": weights, operators or names differ; calibrate the graph that is converted");
        }
    }

    /**
     * The same graph under another mapping, for converting one calibration with several weight schemes. Where other nodes are
     * fused, values may be needed that the calibration lacks; converting then says which.
     *
     * @throws InvalidValueException if an entry of the mapping names nothing in the graph
     * @throws CalibrationException if no layer would be quantized
     */
    public Prepared with(QConfigMapping other) {
        return new Prepared(source, other, fingerprint);
    }

    /** {@link #with(QConfigMapping)} with one qconfig for every layer. */
    public Prepared with(QConfig qconfig) {
        return with(QConfigMapping.global(qconfig));
    }
}
