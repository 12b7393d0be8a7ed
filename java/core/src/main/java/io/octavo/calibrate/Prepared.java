package io.octavo.calibrate;

import io.octavo.CalibrationException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A float graph ready for calibration: dropout removed, batch normalization folded, ReLU and residual adds fused into their
 * producers, and a list of the values that need an observer.
 *
 * <p>Observed are the input of the quantized part and the output of every operator whose result gets a scale of its own
 * ({@code Conv2d}, {@code Linear}, {@code Add}). Pooling, flatten and stand-alone activations keep the scale of their input,
 * as in PyTorch's eager mode, and need none; nor does a linear layer whose qconfig is weight-only, as it stays float.
 */
public final class Prepared {
    private final Graph graph;
    private final QConfigMapping mapping;
    private final Map<String, QConfig> observed;

    private Prepared(Graph graph, QConfigMapping mapping, Map<String, QConfig> observed) {
        this.graph = graph;
        this.mapping = mapping;
        this.observed = Collections.unmodifiableMap(observed);
    }

    /**
     * Fuses {@code graph} and decides what to observe.
     *
     * @param graph a float graph
     * @param mapping which layer is quantized how; a layer without a qconfig stays float
     * @throws CalibrationException if no layer of the graph would be quantized
     */
    public static Prepared of(Graph graph, QConfigMapping mapping) {
        Graph fused = Passes.fuseResidual(Passes.fuseActivations(Passes.foldBatchNorm(Passes.removeDropout(graph))));
        return of(fused, mapping, observedValues(fused, mapping));
    }

    private static Prepared of(Graph fused, QConfigMapping mapping, Map<String, QConfig> observed) {
        if (observed.isEmpty()
                && fused.nodes().stream()
                        .noneMatch(node -> quantizesWeight(fused, node, mapping).isPresent())) {
            throw new CalibrationException("graph " + fused.name()
                    + " has no Conv2d, Linear or Add with a qconfig, or no Linear with a weight-only one: nothing would be"
                    + " quantized");
        }
        return new Prepared(fused, mapping, observed);
    }

    private static Map<String, QConfig> observedValues(Graph graph, QConfigMapping mapping) {
        Map<String, QConfig> observed = new LinkedHashMap<>();
        Set<String> quantized = new HashSet<>();
        for (Node node : graph.nodes()) {
            Optional<QConfig> qconfig = quantizes(graph, node, mapping);
            if (qconfig.isPresent()) {
                for (String input : node.inputs()) {
                    if (!input.isEmpty() && !graph.value(input).isConstant() && !quantized.contains(input)) {
                        observed.putIfAbsent(input, qconfig.get());
                    }
                }
                observed.put(node.output(), qconfig.get());
                quantized.add(node.output());
            } else if (sharesParameters(node.op()) && quantized.contains(node.input(0))) {
                quantized.add(node.output());
            }
        }
        return observed;
    }

    /**
     * The qconfig by which {@code node} is computed on integers with a scale of its own, or empty: it then stays float or keeps
     * the scale of its input.
     */
    public static Optional<QConfig> quantizes(Graph graph, Node node, QConfigMapping mapping) {
        Op op = node.op();
        boolean weighted = op instanceof Op.Conv2d || op instanceof Op.Linear;
        if (!weighted && !(op instanceof Op.Add)) {
            return Optional.empty();
        }
        if (weighted && !graph.value(node.input(1)).isConstant()) {
            return Optional.empty();
        }
        if (!weighted && node.inputs().stream().map(graph::value).anyMatch(Value::isConstant)) {
            return Optional.empty();
        }
        return qconfig(node, mapping).filter(qconfig -> !qconfig.isWeightOnly());
    }

    /** The weight-only qconfig by which {@code node}, a float linear layer, reads codes as weights, or empty. */
    public static Optional<QConfig> quantizesWeight(Graph graph, Node node, QConfigMapping mapping) {
        if (!(node.op() instanceof Op.Linear) || !graph.value(node.input(1)).isConstant()) {
            return Optional.empty();
        }
        return qconfig(node, mapping).filter(QConfig::isWeightOnly);
    }

    private static Optional<QConfig> qconfig(Node node, QConfigMapping mapping) {
        return Optional.ofNullable(mapping.forNode(node.name(), node.op().type()));
    }

    /** Whether {@code op} works on integers of any scale and hands the scale of its input on. */
    public static boolean sharesParameters(Op op) {
        return op instanceof Op.MaxPool2d
                || op instanceof Op.AvgPool2d
                || op instanceof Op.AdaptiveAvgPool2d
                || op instanceof Op.Clamp
                || op instanceof Op.Flatten;
    }

    /** The fused float graph; its value names are those that a {@link Calibration} uses. */
    public Graph graph() {
        return graph;
    }

    /** Which layer is quantized how. */
    public QConfigMapping mapping() {
        return mapping;
    }

    /** Names of the observed values, each with the qconfig that says how, in the order of execution. */
    public Map<String, QConfig> observed() {
        return observed;
    }

    /**
     * The same graph under another mapping, for converting one calibration with several weight schemes.
     *
     * @throws CalibrationException if no layer would be quantized
     */
    public Prepared with(QConfigMapping other) {
        return of(graph, other, observedValues(graph, other));
    }

    /** {@link #with(QConfigMapping)} with one qconfig for every layer. */
    public Prepared with(QConfig qconfig) {
        return with(QConfigMapping.global(qconfig));
    }
}
