package io.octavo.cli;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Numbers for the dimensions that a model leaves open. */
final class ShapeOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--shape",
            paramLabel = "NAME=DIMS",
            description = "Shape of an input with unknown dimensions, as --shape images=1x3x224x224; may be repeated.")
    private List<String> shapes = new ArrayList<>();

    /** Dimensions as they are written on a command line, {@code 1x3x224x224}. */
    static long[] dims(String text) {
        String[] parts = text.split("[x,]", -1);
        long[] dims = new long[parts.length];
        for (int i = 0; i < parts.length; i++) {
            try {
                dims[i] = Long.parseLong(parts[i].strip());
            } catch (NumberFormatException e) {
                throw new InvalidValueException("'" + text + "' is no shape: as 1x3x224x224");
            }
            if (dims[i] < 1) {
                throw new InvalidValueException("'" + text + "': each dimension is at least 1");
            }
        }
        return dims;
    }

    /** Shapes by the names of inputs, as far as they are given. */
    private Map<String, Shape> given(Graph graph) {
        Map<String, Shape> given = new LinkedHashMap<>();
        for (String option : shapes) {
            int equals = option.lastIndexOf('=');
            String name = equals < 0 && graph.inputs().size() == 1
                    ? graph.inputs().get(0).name()
                    : option.substring(0, Math.max(0, equals));
            Value input = graph.inputs().stream()
                    .filter(value -> value.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> Checks.usage(
                            spec,
                            "--shape " + option + ": no input is called '" + name + "'; there are " + graph.inputs()));
            try {
                Shape shape = Shape.of(dims(option.substring(equals + 1)));
                if (!input.shape().accepts(shape)) {
                    throw Checks.usage(spec, "--shape " + option + ": the input is " + input);
                }
                given.put(name, shape);
            } catch (InvalidValueException e) {
                throw Checks.usage(spec, "--shape " + option + ": " + e.getMessage());
            }
        }
        return given;
    }

    /**
     * A shape for each input: as given or as the model says, with {@code batch} for an unknown first dimension. Null if an input has
     * other unknown dimensions.
     */
    Map<String, Shape> known(Graph graph, long batch) {
        Map<String, Shape> known = new LinkedHashMap<>();
        Map<String, Shape> given = given(graph);
        for (Value input : graph.inputs()) {
            Shape shape = given.getOrDefault(input.name(), input.shape());
            shape = shape.hasBatch() ? shape.withBatch(batch) : shape;
            if (!shape.isKnown()) {
                return null;
            }
            known.put(input.name(), shape);
        }
        return known;
    }

    /** The same, and a usage error where an input has other unknown dimensions. */
    Map<String, Shape> require(Graph graph, long batch) {
        Map<String, Shape> known = known(graph, batch);
        if (known == null) {
            throw Checks.usage(spec, openDimensions(graph));
        }
        return known;
    }

    static String openDimensions(Graph graph) {
        return "inputs have unknown dimensions, " + graph.inputs() + ": say them with --shape, as --shape "
                + graph.inputs().get(0).name() + "=1x3x224x224";
    }

    /**
     * Tensors to measure with, in the graph's order: random numbers in -1..1 or 0..255, and ones for other integers and truth values,
     * which as places and lengths are in range.
     */
    List<Tensor> standIns(Graph graph, Map<String, Shape> known) {
        List<Value> parameters = graph.parameterInputs();
        if (!parameters.isEmpty()) {
            throw Checks.usage(
                    spec,
                    "inputs " + parameters + " say shapes, places or counts: no random numbers can stand for them;"
                            + " give files with --input");
        }
        SplittableRandom random = new SplittableRandom(7);
        List<Tensor> tensors = new ArrayList<>();
        for (Value input : graph.inputs()) {
            Tensor tensor = Tensor.zeros(input.dtype(), known.get(input.name()));
            ByteBuffer bytes = tensor.bytes();
            for (long i = 0; i < tensor.elements(); i++) {
                switch (input.dtype()) {
                    case F32 -> bytes.putFloat((float) random.nextDouble(-1, 1));
                    case U8, S8 -> bytes.put((byte) random.nextInt(256));
                    case S32 -> bytes.putInt(1);
                    case S64 -> bytes.putLong(1);
                    case BOOL -> bytes.put((byte) 1);
                }
            }
            tensors.add(tensor);
        }
        return tensors;
    }
}
