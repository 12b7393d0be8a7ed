package io.octavo.cli;

import io.octavo.graph.Graph;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One sample from files. */
final class InputOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--input",
            paramLabel = "[NAME=]FILE",
            description =
                    "What the model reads: a picture (jpg, png), .npy or ONNX tensor (.pb) for its only input, a .npz of all"
                            + " inputs by name, a folder of input_0.pb .., or repeated with the name of each input.")
    private List<String> inputs = new ArrayList<>();

    boolean isEmpty() {
        return inputs.isEmpty();
    }

    /** A tensor an input, in the graph's order. */
    List<Tensor> tensors(Graph graph, ImageOptions images) {
        List<TensorSpec> specs = graph.inputSpecs();
        List<String> names = specs.stream().map(TensorSpec::name).toList();
        Map<String, Path> byName = new LinkedHashMap<>();
        for (String input : inputs) {
            String name = names.stream()
                    .filter(known -> input.startsWith(known + "="))
                    .findFirst()
                    .orElse(null);
            if (name == null && inputs.size() == 1) {
                return only(specs, Path.of(input), images);
            }
            if (name == null || byName.put(name, Path.of(input.substring(name.length() + 1))) != null) {
                throw Checks.usage(
                        spec,
                        "--input " + input + ": several are given as NAME=FILE, once each; the inputs are " + specs);
            }
        }
        List<Tensor> tensors = new ArrayList<>();
        for (TensorSpec input : specs) {
            if (!byName.containsKey(input.name())) {
                throw Checks.usage(spec, "no --input for " + input + "; the inputs are " + specs);
            }
            tensors.addAll(only(List.of(input), byName.get(input.name()), images));
        }
        return tensors;
    }

    private List<Tensor> only(List<TensorSpec> specs, Path file, ImageOptions images) {
        Iterator<Inputs> samples = images.samples(file, specs).iterator();
        List<Tensor> tensors =
                samples.next().tensors(specs.stream().map(TensorSpec::name).toList());
        if (samples.hasNext()) {
            throw Checks.usage(spec, "--input " + file + ": holds several samples, one is wanted");
        }
        return tensors;
    }
}
