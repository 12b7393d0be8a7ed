package io.octavo.cli;

import io.octavo.analyze.OutputComparison;
import io.octavo.data.Samples;
import io.octavo.graph.Graph;
import io.octavo.runtime.Session;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The outputs of two models on the same data. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description =
                "Compares the outputs of two models on the same data: signal to noise, cosine, the largest difference, and how"
                        + " often both say the same class.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  octavo compare model.onnx model.int8.onnx --data photos/ --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
            "  octavo compare a.onnx b.onnx --data test_data_set_0 --json=difference.json",
            ""
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "A", description = "ONNX file, the reference.")
    private Path reference;

    @Parameters(index = "1", paramLabel = "B", description = "ONNX file that is compared with it.")
    private Path other;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            required = true,
            description = "File or folder of pictures, .npy, .npz, or ONNX tensors (.pb, test_data_set_*).")
    private Path data;

    @Option(names = "--samples", paramLabel = "N", description = "So many samples, evenly spread (default: all).")
    private Integer samples;

    @Mixin
    private ReadingOptions reading;

    @Mixin
    private ImageOptions images;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        json.check(spec);
        Checks.positive(spec, "--samples", samples);
        Graph one = reading.read(reference);
        Graph two = reading.read(other);
        Samples all = images.samples(data, one.inputSpecs());
        Samples taken = samples == null ? all : all.take(samples);
        OutputComparison comparison;
        try (Session a = Session.of(one);
                Session b = Session.of(two);
                Progress progress = new Progress("compare")) {
            comparison = OutputComparison.of(a, b, progress.over(taken));
        }
        PrintWriter text = json.text(spec.commandLine().getOut());
        text.printf("%s against %s, %d sample(s)%n%n", other, reference, comparison.runs());
        table(comparison).print(text);
        text.flush();
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("reference", reference.toString());
        root.put("other", other.toString());
        root.put("samples", comparison.runs());
        root.put("outputs", rows(comparison));
        json.write(spec.commandLine().getOut(), root);
        return 0;
    }

    static TextTable table(OutputComparison comparison) {
        TextTable table =
                new TextTable("output", ">SQNR dB", ">cosine", ">largest difference", ">of range", ">same top-1");
        for (OutputComparison.Output output : comparison.outputs()) {
            table.row(
                    output.name(),
                    TextTable.number(output.sqnrDb(), 1),
                    TextTable.number(output.cosine(), 6),
                    String.format(Locale.ROOT, "%.4g", output.maxDifference()),
                    TextTable.number(100 * output.maxDifferenceOfRange(), 2) + " %",
                    output.rows() == 0
                            ? "-"
                            : TextTable.number(output.agreeing()) + " of " + TextTable.number(output.rows()));
        }
        return table;
    }

    static List<Map<String, Object>> rows(OutputComparison comparison) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (OutputComparison.Output output : comparison.outputs()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", output.name());
            row.put("equal", output.error() == 0);
            row.put("sqnrDb", JsonOption.number(output.sqnrDb()));
            row.put("cosine", JsonOption.number(output.cosine()));
            row.put("maxDifference", JsonOption.number(output.maxDifference()));
            row.put("maxDifferenceOfRange", JsonOption.number(output.maxDifferenceOfRange()));
            row.put("top1Agreement", JsonOption.number(output.top1Agreement()));
            row.put("rows", output.rows());
            rows.add(row);
        }
        return rows;
    }
}
