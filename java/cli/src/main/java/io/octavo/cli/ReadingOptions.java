package io.octavo.cli;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.onnx.Onnx;
import io.octavo.onnx.ReadOptions;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What of a model is read, and numbers for the dimensions that it leaves open. */
final class ReadingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--shape",
            paramLabel = "NAME=DIMS",
            description =
                    "Shape of an input with unknown dimensions, as --shape images=1x3x224x224; ? leaves one open. May be"
                            + " repeated.")
    private List<String> shapes = new ArrayList<>();

    @Option(
            names = "--outputs",
            paramLabel = "NAME",
            split = ",",
            description = "Values to be the outputs in place of the model's own; what comes after them is not read.")
    private List<String> outputs = new ArrayList<>();

    /** Reads a model so; a usage error where it has no such inputs or values. */
    Graph read(Path model) {
        if (shapes.isEmpty() && outputs.isEmpty()) {
            return Onnx.read(model);
        }
        ReadOptions options = ReadOptions.none().outputs(outputs.toArray(String[]::new));
        for (String option : shapes) {
            int equals = option.lastIndexOf('=');
            if (equals < 1) {
                throw Checks.usage(spec, "--shape " + option + ": as --shape images=1x3x224x224");
            }
            options = options.shape(option.substring(0, equals), shape(option, option.substring(equals + 1)));
        }
        try {
            return Onnx.read(model, options);
        } catch (InvalidValueException | ShapeMismatchException e) {
            throw Checks.usage(spec, e.getMessage());
        }
    }

    private Shape shape(String option, String dims) {
        String[] parts = dims.split("[x,]", -1);
        Dim[] sizes = new Dim[parts.length];
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].equals("?")) {
                sizes[i] = Dim.unknown("?" + i);
            } else if (parts[i].matches("[1-9][0-9]{0,17}")) {
                sizes[i] = Dim.of(Long.parseLong(parts[i]));
            } else {
                throw Checks.usage(
                        spec, "--shape " + option + ": '" + parts[i] + "' is no dimension: a number from 1 on, or ?");
            }
        }
        try {
            return Shape.ofDims(sizes);
        } catch (InvalidValueException e) {
            throw Checks.usage(spec, "--shape " + option + ": " + e.getMessage());
        }
    }

    /** A shape for each input, {@code batch} for an unknown first dimension; null if an input has other unknown dimensions. */
    static Map<String, Shape> known(Graph graph, long batch) {
        Map<String, Shape> known = new LinkedHashMap<>();
        for (Value input : graph.inputs()) {
            Shape shape = input.shape().hasBatch() ? input.shape().withBatch(batch) : input.shape();
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
