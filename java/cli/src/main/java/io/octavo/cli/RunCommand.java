package io.octavo.cli;

import io.octavo.DataException;
import io.octavo.InvalidValueException;
import io.octavo.data.Npy;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One run of a model on files. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description =
                "Runs a model on pictures or arrays and prints its outputs, or the classes with the greatest ones.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  octavo run model.onnx --input cat.jpg --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --top 5 --labels imagenet.txt",
            "  octavo run encoder.onnx --input ids=ids.npy --input mask=mask.npy --output results/",
            "  octavo run model.onnx --input test_data_set_0",
            ""
        })
final class RunCommand implements Callable<Integer> {
    private static final int DEFAULT_TOP = 5;
    private static final int SHOWN = 8; // elements of an output

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "ONNX file.")
    private Path model;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Folder for the outputs, a .npy file each; made if it is not there.")
    private Path output;

    @Option(
            names = "--top",
            paramLabel = "N",
            description = "Prints so many classes with the greatest values of each output (default with --labels: 5).")
    private Integer top;

    @Option(names = "--labels", paramLabel = "FILE", description = "Names of the classes, one a line.")
    private Path labels;

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private ReadingOptions reading;

    @Mixin
    private InputOptions inputs;

    @Mixin
    private ImageOptions images;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        json.check(spec);
        Checks.positive(spec, "--top", top);
        threads.check(spec);
        if (inputs.isEmpty()) {
            throw Checks.usage(spec, "no --input: what is the model to run on?");
        }
        List<String> names = labels == null ? null : labels();
        Graph graph = reading.read(model);
        List<Tensor> given = inputs.tensors(graph, images);
        List<Tensor> found;
        long nanos;
        try (Session session = Session.builder(graph).threads(threads.count()).build()) {
            session.run(given).forEach(Tensor::close); // the first run plans and warms up
            long start = System.nanoTime();
            found = session.run(given);
            nanos = System.nanoTime() - start;
        }
        List<Path> files = output == null ? null : write(graph.outputs(), found);
        PrintWriter text = json.text(spec.commandLine().getOut());
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            rows.add(print(text, graph.outputs().get(i), found.get(i), files == null ? null : files.get(i), names));
        }
        text.printf("One run took %s.%n", TextTable.time(nanos));
        text.flush();
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("model", model.toString());
        root.put("micros", nanos / 1e3);
        root.put("outputs", rows);
        json.write(spec.commandLine().getOut(), root);
        return 0;
    }

    private List<String> labels() {
        try {
            return Files.readAllLines(labels);
        } catch (IOException e) {
            throw DataException.reading(labels, e);
        }
    }

    private List<Path> write(List<Value> outputs, List<Tensor> found) {
        try {
            Files.createDirectories(output);
        } catch (IOException e) {
            throw new DataException(output + ": cannot be made: " + e, e);
        }
        List<Path> files = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (int i = 0; i < found.size(); i++) {
            String name =
                    outputs.get(i).name().replaceAll("[^A-Za-z0-9._-]", "_").replaceFirst("^\\.", "_");
            while (!taken.add(name)) {
                name += "_";
            }
            files.add(output.resolve(name + ".npy"));
            Npy.write(files.get(i), found.get(i));
        }
        return files;
    }

    private Map<String, Object> print(PrintWriter out, Value output, Tensor tensor, Path file, List<String> names) {
        double[] values = tensor.toDoubleArray();
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", output.name());
        row.put("type", tensor.dtype().toString());
        row.put("shape", tensor.shape().dims());
        row.put("file", file == null ? null : file.toString());
        out.printf("%s %s%s%n", output.name(), tensor, file == null ? "" : " in " + file);
        if (top == null && names == null) {
            StringBuilder shown = new StringBuilder(" ");
            for (int i = 0; i < Math.min(values.length, SHOWN); i++) {
                shown.append(' ').append(text(values[i], tensor.dtype()));
            }
            out.println(shown + (values.length > SHOWN ? " .." : ""));
            return row;
        }
        int classes = tensor.shape().rank() == 0
                ? 1
                : (int) tensor.shape().dim(tensor.shape().rank() - 1);
        if (names != null && names.size() < classes) {
            throw new InvalidValueException(labels + ": " + names.size() + " labels for output '" + output.name() + "' "
                    + tensor + ", which has " + classes + " classes");
        }
        List<Object> all = new ArrayList<>();
        for (int start = 0; start < values.length; start += classes) {
            all.add(best(out, values, start, classes, names, tensor.dtype()));
        }
        row.put("top", all);
        return row;
    }

    /** The greatest values of one row, the first of equal ones first. */
    private List<Map<String, Object>> best(
            PrintWriter out, double[] values, int start, int classes, List<String> names, DType dtype) {
        List<Integer> order = IntStream.range(0, classes)
                .boxed()
                .sorted((a, b) -> Double.compare(values[start + b], values[start + a]))
                .limit(top == null ? DEFAULT_TOP : top)
                .toList();
        List<Map<String, Object>> rows = new ArrayList<>();
        TextTable table = new TextTable(">class", ">value", names == null ? "" : "label");
        for (int index : order) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("class", index);
            row.put("value", JsonOption.number(values[start + index]));
            if (names != null) {
                row.put("label", names.get(index));
            }
            rows.add(row);
            table.row(index, text(values[start + index], dtype), names == null ? "" : names.get(index));
        }
        table.print(out);
        out.println();
        return rows;
    }

    private static String text(double value, DType dtype) {
        return dtype == DType.F32 ? String.format(Locale.ROOT, "%.5g", value) : String.valueOf((long) value);
    }
}
