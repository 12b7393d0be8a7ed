package io.octavo.quantize;

import io.octavo.NotFiniteException;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Decision;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.LinearScheme;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The walk that turns a prepared float graph into a quantized one, as its decisions say. Each value exists in the new graph as a
 * float, as integers, or both; {@code Quantize} and {@code Dequantize} nodes appear where a node needs the form that is not there
 * yet.
 *
 * <p>Names: a quantized value inside keeps the name that it had as a float; next to a float of the same name (graph inputs and
 * outputs) it is called {@code <name>.q}.
 *
 * <p>Biases stay F32: an S32 bias is not what PyTorch's fbgemm engine computes. It adds {@code bias / (s_x·s_w)} to the sum in
 * float, and with a bias rounded to a whole number of {@code s_x·s_w} results differ where they come near the middle of two codes.
 */
final class Converter {
    private final Graph source;
    private final Prepared prepared;
    private final Calibration calibration;
    private final Graph.Builder target;
    private final Set<String> borders = new HashSet<>();
    private final Set<String> nodes = new HashSet<>(); // names of the source's and of those that are made
    private final Map<String, String> floats = new HashMap<>();
    private final Map<String, String> integers = new HashMap<>();
    private final Map<String, QuantParams> parameters = new HashMap<>();
    private final Map<String, String> retyped = new HashMap<>(); // codes of the type that is not the value's
    private final Map<Form, String> constants = new HashMap<>();

    /** What a constant of the source becomes: nodes may share one and want it differently. Scheme null: floats. */
    private record Form(String name, Scheme scheme, Granularity granularity) {}

    Converter(Prepared prepared, Calibration calibration) {
        this.prepared = prepared;
        this.calibration = calibration;
        this.source = prepared.graph();
        this.target = Graph.builder(source.name());
    }

    Graph convert() {
        for (Value input : source.inputs()) {
            target.input(input.name(), input.dtype(), input.shape());
            floats.put(input.name(), input.name());
            borders.add(input.name());
        }
        source.outputs().forEach(output -> borders.add(output.name()));
        source.nodes().forEach(node -> nodes.add(node.name()));
        for (Node node : source.nodes()) {
            convert(node, prepared.decisions().get(node.name()));
        }
        for (Value output : source.outputs()) {
            target.output(asFloat(output.name()));
        }
        return target.build();
    }

    private void convert(Node node, Decision decision) {
        QuantParams own = decision.kind() == Decision.Kind.QUANTIZED ? own(decision) : null;
        List<String> inputs = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            String input = node.inputs().get(i);
            inputs.add(
                    switch (decision.inputs().get(i)) {
                        case ABSENT -> "";
                        case CODES -> asIntegers(input);
                        case CODES_OF_RESULT -> asIntegers(input, own);
                        case CONSTANT -> codes(node, input, own);
                        case WEIGHT -> weight(node, input, decision.qconfig());
                        case FLOAT -> source.value(input).isConstant() ? constant(input) : asFloat(input);
                    });
        }
        switch (decision.kind()) {
            case QUANTIZED -> emit(node, inputs, own);
            case PASSED -> emit(node, inputs, parameters.get(node.input(0)));
            case NUMBERS, WEIGHT_ONLY, FLOAT -> {
                target.node(new Node(node.name(), node.op(), inputs, node.outputs()), null);
                if (decision.kind() == Decision.Kind.FLOAT) {
                    target.note(node.name(), "in float: " + decision.why());
                }
                node.outputs().forEach(output -> floats.put(output, output));
            }
        }
    }

    private QuantParams own(Decision decision) {
        if (decision.fixed() != null && decision.qconfig().activation() instanceof LinearScheme scheme) {
            return decision.fixed().params(scheme);
        }
        return fit(decision.observed(), decision.qconfig());
    }

    private QuantParams fit(String value, QConfig qconfig) {
        return qconfig.activation().fit(calibration.distribution(value));
    }

    private String weight(Node node, String name, QConfig qconfig) {
        return constants.computeIfAbsent(new Form(name, qconfig.weight(), qconfig.weightGranularity()), form -> {
            try {
                QuantizedTensor codes =
                        form.scheme().quantize(source.value(name).data(), form.granularity());
                return target.constant(free(name), codes);
            } catch (NotFiniteException e) {
                throw new NotFiniteException("node " + node.name() + ": weight " + name + ": " + e.getMessage());
            }
        });
    }

    /** A constant operand as codes of the result's type and bits: one number exactly, several over their range. */
    private String codes(Node node, String name, QuantParams result) {
        DType dtype = ((AffineParams) result).dtype();
        return constants.computeIfAbsent(
                new Form(name, new Uniform(result.bits(), dtype, false, false), Granularity.perTensor()), form -> {
                    try {
                        Tensor numbers = source.value(name).data();
                        boolean single = numbers.shape().elements() == 1;
                        return target.constant(
                                free(name),
                                single
                                        ? form.scheme()
                                                .encode(
                                                        numbers,
                                                        AffineParams.exactly(
                                                                dtype, result.bits(), numbers.toFloatArray()[0]))
                                        : form.scheme().quantize(numbers, form.granularity()));
                    } catch (NotFiniteException e) {
                        throw new NotFiniteException(
                                "node " + node.name() + ": constant " + name + ": " + e.getMessage());
                    }
                });
    }

    private String constant(String name) {
        return constants.computeIfAbsent(
                new Form(name, null, null),
                form -> target.constant(free(name), source.value(name).data()));
    }

    /** A constant's own name, or one like it that neither graph has. */
    private String free(String name) {
        return target.hasValue(name) ? made(name + "_") : name;
    }

    /** A name for a value that the conversion makes: the graph that it converts may have it for another. */
    private String made(String name) {
        String made = name;
        while (target.hasValue(made) || source.hasValue(made)) {
            made += "_";
        }
        return made;
    }

    /** The same for a node. */
    private String madeNode(String name) {
        String made = name;
        while (!nodes.add(made)) {
            made += "_";
        }
        return made;
    }

    private void emit(Node node, List<String> inputs, QuantParams params) {
        List<String> names = new ArrayList<>();
        for (String output : node.outputs()) {
            String name = borders.contains(output) ? made(output + ".q") : output;
            names.add(name);
            integers.put(output, name);
            parameters.put(output, params);
        }
        target.node(new Node(node.name(), node.op(), inputs, names), params);
    }

    private String asIntegers(String value) {
        return integers.computeIfAbsent(value, v -> {
            QuantParams params = fit(v, prepared.observed().get(v));
            parameters.put(v, params);
            String name = made(v + ".q");
            target.node(
                    new Node(madeNode(v + ".quantize"), new Op.Quantize(), List.of(floats.get(v)), List.of(name)),
                    params);
            return name;
        });
    }

    /**
     * A value as codes of the type that a result has. Codes of the other type have the same scale and a zero point 128 away, so
     * that nothing is lost.
     */
    private String asIntegers(String value, QuantParams result) {
        String codes = asIntegers(value);
        if (!(parameters.get(value) instanceof AffineParams found)
                || !(result instanceof AffineParams affine)
                || found.dtype() == affine.dtype()) {
            return codes;
        }
        DType wanted = affine.dtype();
        return retyped.computeIfAbsent(value, v -> {
            int shift = wanted == DType.S8 ? -128 : 128;
            AffineParams params = AffineParams.perTensor(
                    wanted,
                    found.bits(),
                    found.qMin() + shift,
                    found.qMax() + shift,
                    found.scale(),
                    found.zeroPoint() + shift);
            return target.node(
                    new Node(
                            madeNode(v + ".requantize"),
                            new Op.Requantize(),
                            List.of(codes),
                            List.of(made(v + "." + wanted))),
                    params);
        });
    }

    private String asFloat(String value) {
        return floats.computeIfAbsent(value, v -> {
            String name = borders.contains(v) ? v : made(v + ".float");
            target.node(
                    new Node(madeNode(v + ".dequantize"), new Op.Dequantize(), List.of(integers.get(v)), List.of(name)),
                    null);
            return name;
        });
    }
}
