package io.octavo.calibrate;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.calibrate.Decision.Form;
import io.octavo.calibrate.Decision.Kind;
import io.octavo.calibrate.QuantizationRule.Operands;
import io.octavo.calibrate.QuantizationRule.Scale;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The walk that decides what becomes of each node of a float graph under a mapping, and which values must be observed for it.
 * Everything follows from what the graph computes and from names; the order in which independent nodes stand has no part in it.
 */
final class Preparation {
    private static final String NO_QCONFIG = "it has no qconfig";

    private final QConfigMapping mapping;
    private final Graph graph; // fused
    private final Map<String, Kind> kinds = new HashMap<>(); // by node
    private final Map<String, String> whys = new HashMap<>(); // by node
    private final Set<String> codes = new HashSet<>(); // values that are computed as codes
    private final Map<String, Decision> decisions = new LinkedHashMap<>();
    private final Map<String, QConfig> observed = new LinkedHashMap<>();

    /** Checks, fuses and decides. */
    Preparation(Graph source, QConfigMapping mapping) {
        this.mapping = mapping;
        requireFloat(source);
        requireMatches(source);
        Graph convolved = Passes.transposedAsSubPixel(Passes.removeDropout(source), this::runsAsConvolution);
        graph = Passes.fuse(convolved, (first, part) -> mayFuse(convolved, first, part));
        for (Node node : graph.nodes()) {
            Kind kind = kind(node);
            kinds.put(node.name(), kind);
            if (kind == Kind.QUANTIZED || kind == Kind.PASSED) {
                codes.addAll(node.outputs());
            }
        }
        Map<String, QConfig> borders = borders();
        for (Node node : graph.nodes()) {
            decide(node, borders);
        }
        if (kinds.values().stream().noneMatch(kind -> kind == Kind.QUANTIZED || kind == Kind.WEIGHT_ONLY)) {
            throw new CalibrationException("graph " + source.name()
                    + " has no Conv2d, Linear or Add with a qconfig, or no Linear with a weight-only one: nothing would be"
                    + " quantized");
        }
    }

    Graph graph() {
        return graph;
    }

    /** By node, in the order of execution. */
    Map<String, Decision> decisions() {
        return Collections.unmodifiableMap(decisions);
    }

    /** By value, in the order of execution. */
    Map<String, QConfig> observed() {
        return Collections.unmodifiableMap(observed);
    }

    private static void requireFloat(Graph source) {
        for (Value value : source.values()) {
            if (value.isQuantized()) {
                throw new InvalidValueException("graph " + source.name() + ": value " + value
                        + " is quantized already; a float graph is prepared");
            }
        }
    }

    /** Entries that nothing answers to are misspelt, or meant for another graph. */
    private void requireMatches(Graph source) {
        Set<String> names = new TreeSet<>();
        Set<String> types = new TreeSet<>();
        for (Node node : source.nodes()) {
            names.add(node.name());
            types.add(node.op().type());
        }
        List<String> unmatched = new ArrayList<>();
        for (String layer : mapping.layers().keySet()) {
            if (!names.contains(layer)) {
                unmatched.add("layer '" + layer + "'");
            }
        }
        for (String type : mapping.types().keySet()) {
            if (!types.contains(type)) {
                unmatched.add("type '" + type + "'");
            }
        }
        if (!unmatched.isEmpty()) {
            throw new InvalidValueException("qconfig mapping for graph " + source.name() + ": nothing answers to "
                    + String.join(", ", unmatched) + "; its layers are " + names + ", of types " + types);
        }
    }

    private QConfig qconfig(Node node) {
        return mapping.forNode(node.name(), node.op().type());
    }

    private boolean isNamed(Node node) {
        return mapping.names(node.name(), node.op().type());
    }

    /** Whether a transposed convolution is quantized, and would be alike as an ordinary one. */
    private boolean runsAsConvolution(Node node) {
        QConfig qconfig = qconfig(node);
        return qconfig != null && !qconfig.isWeightOnly() && qconfig.equals(mapping.forNode(node.name(), "Conv2d"));
    }

    private static boolean sharesActivations(QConfig one, QConfig other) {
        return one == null ? other == null || other.isWeightOnly() : one.sharesActivations(other);
    }

    /** Whether qconfigs let a node go into the one before it. */
    private boolean mayFuse(Graph source, Node first, Node part) {
        boolean agree = sharesActivations(qconfig(first), qconfig(part));
        if (QuantizationRule.of(source, part).scale() == Scale.OWN) {
            // A sum with a constant does not run on codes, nor would the convolution that takes it in.
            return agree && !readsConstant(source, part, 0, 1);
        }
        if (isNamed(part) && !agree) {
            throw new InvalidValueException(
                    "qconfig mapping for graph " + source.name() + ": layer '" + part.name() + "' ("
                            + part.op().type() + ") is part of '" + first.name() + "' ("
                            + first.op().type()
                            + ") and has the same qconfig; the mapping gives it another: change that of '"
                            + first.name() + "'");
        }
        return true;
    }

    private static boolean readsConstant(Graph graph, Node node, int... indices) {
        for (int i : indices) {
            if (!node.input(i).isEmpty() && graph.value(node.input(i)).isConstant()) {
                return true;
            }
        }
        return false;
    }

    private boolean hasConstantWeights(Node node) {
        return graph.value(node.input(1)).isConstant()
                && (node.input(2).isEmpty() || graph.value(node.input(2)).isConstant());
    }

    /** Decides on which numbers a node runs, once those before it are decided. */
    private Kind kind(Node node) {
        QuantizationRule rule = QuantizationRule.of(graph, node);
        String kept = keptFloat(node, rule);
        whys.put(node.name(), kept == null ? rule.why() : kept);
        if (kept != null) {
            return Kind.FLOAT;
        }
        return switch (rule.scale()) {
            case INPUT -> Kind.PASSED;
            case NUMBERS -> Kind.NUMBERS;
            case FLOAT, ABSENT -> Kind.FLOAT;
            default -> qconfig(node).isWeightOnly() ? Kind.WEIGHT_ONLY : Kind.QUANTIZED;
        };
    }

    /** Why a node stays float though its operator runs on codes; null: it does not, or the operator does not. */
    private String keptFloat(Node node, QuantizationRule rule) {
        QConfig qconfig = qconfig(node);
        switch (rule.scale()) {
            case FLOAT, ABSENT -> {
                return null;
            }
            case INPUT, NUMBERS -> {
                if (!codes.contains(node.input(0))) {
                    return "its input is float";
                }
                boolean named = rule.scale() == Scale.INPUT && isNamed(node) && sharesActivations(qconfig, null);
                return named ? NO_QCONFIG : null;
            }
            case OWN -> {
                if (qconfig == null) {
                    return NO_QCONFIG;
                }
            }
            default -> {
                if (qconfig == null) {
                    return NO_QCONFIG;
                }
                boolean amongCodes = rule.operands() == Operands.FIRST
                        ? codes.contains(node.input(0))
                        : node.inputs().stream().anyMatch(codes::contains);
                if (!amongCodes) {
                    return "what it reads is float: making codes of it would cost more time than they save";
                }
            }
        }
        if (rule.weighted() && !hasConstantWeights(node)) {
            return "its weight or bias is no constant";
        }
        if (qconfig.isWeightOnly()) {
            return rule.operands() == Operands.WEIGHTED_OR_WEIGHT_ONLY ? null : "its qconfig is for weights alone";
        }
        if (rule.weighted()
                ? readsConstant(graph, node, 0, 3)
                : rule.scale() == Scale.OWN && readsConstant(graph, node, 0, 1)) {
            return "an activation that it reads is a constant";
        }
        return null;
    }

    /**
     * Float values that nodes on codes read, each with the qconfig that makes codes of it: that of its reader, and where several
     * differ, that of the one whose name comes first.
     */
    private Map<String, QConfig> borders() {
        Map<String, Node> readers = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (kinds.get(node.name()) == Kind.QUANTIZED) { // the others read codes that are there
                for (int i = 0; i < node.inputs().size(); i++) {
                    String input = node.input(i);
                    if (readsCodes(form(node, i)) && !codes.contains(input)) {
                        readers.merge(input, node, (a, b) -> a.name().compareTo(b.name()) <= 0 ? a : b);
                    }
                }
            }
        }
        Map<String, QConfig> borders = new HashMap<>();
        readers.forEach((value, reader) -> borders.put(value, qconfig(reader)));
        return borders;
    }

    private static boolean readsCodes(Form form) {
        return form == Form.CODES || form == Form.CODES_OF_RESULT;
    }

    private Form form(Node node, int index) {
        Kind kind = kinds.get(node.name());
        String input = node.input(index);
        if (input.isEmpty()) {
            return Form.ABSENT;
        }
        if (kind == Kind.FLOAT) {
            return Form.FLOAT;
        }
        QuantizationRule rule = QuantizationRule.of(graph, node);
        boolean constant = graph.value(input).isConstant();
        return switch (rule.operands()) {
            case FIRST ->
                index == 0 ? Form.CODES : node.op() instanceof Movement.Pad && index == 2 ? Form.ABSENT : Form.FLOAT;
            case WEIGHTED, WEIGHTED_OR_WEIGHT_ONLY ->
                index == 1 ? Form.WEIGHT : kind == Kind.WEIGHT_ONLY || constant ? Form.FLOAT : Form.CODES;
            case ALL_OF_ONE_TYPE -> constant ? Form.CONSTANT : Form.CODES_OF_RESULT;
            case ALL -> constant ? Form.CONSTANT : Form.CODES;
        };
    }

    private void decide(Node node, Map<String, QConfig> borders) {
        Kind kind = kinds.get(node.name());
        List<Form> forms = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            forms.add(form(node, i));
            if (readsCodes(forms.get(i)) && borders.containsKey(node.input(i))) {
                observed.put(node.input(i), borders.get(node.input(i)));
            }
        }
        boolean own = kind == Kind.QUANTIZED;
        Decision.Fixed fixed = own ? QuantizationRule.of(graph, node).fixed() : null;
        String seen = own && fixed == null ? seenAt(node.output(), qconfig(node)) : null;
        if (seen != null) {
            observed.put(seen, qconfig(node));
        }
        QConfig qconfig = own || kind == Kind.WEIGHT_ONLY ? qconfig(node) : null;
        decisions.put(node.name(), new Decision(kind, qconfig, forms, seen, fixed, whys.get(node.name())));
    }

    /**
     * The value whose distribution gives a result its scale. Where all that becomes of the result is cut to bounds on its codes, these
     * need not reach farther; where it becomes a part of something of one scale, it is computed in that one at once.
     */
    private String seenAt(String value, QConfig qconfig) {
        List<Node> readers = graph.consumers(value);
        if (readers.size() != 1 || graph.isOutput(value)) {
            return value;
        }
        Node reader = readers.get(0);
        QuantizationRule rule = QuantizationRule.of(graph, reader);
        boolean cut = kinds.get(reader.name()) == Kind.PASSED && rule.narrows();
        boolean joined = kinds.get(reader.name()) == Kind.QUANTIZED
                && rule.scale() == Scale.COMMON
                && sharesActivations(qconfig, qconfig(reader));
        return cut || joined ? seenAt(reader.output(), qconfig) : value;
    }
}
