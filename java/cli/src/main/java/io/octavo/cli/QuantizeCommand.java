package io.octavo.cli;

import io.octavo.analyze.OutputComparison;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.data.Samples;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.onnx.Onnx;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A float model in, a quantized one out, and what that cost and gained. */
@Command(
        name = "quantize",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description =
                "Quantizes a float model and writes it as ONNX with QuantizeLinear and DequantizeLinear, which other runtimes"
                        + " load too. Prints which nodes stay in float and why, sizes, times, and how near the outputs are on the"
                        + " calibration data.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  octavo quantize model.onnx -o model.int8.onnx --calibration photos/ \\",
            "      --resize 256 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
            "  octavo quantize model.onnx -o small.onnx --calibration samples.npz --scheme kmeans --bits 4",
            "  octavo quantize model.onnx -o model.int8.onnx --calibration photos/ --keep-float '^head\\.' --json",
            "  octavo quantize encoder.onnx -o encoder.int4.onnx --weight-only --bits 4 --granularity group:64",
            ""
        })
final class QuantizeCommand implements Callable<Integer> {
    private static final int NAMES_SHOWN = 10;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "IN", description = "ONNX file of a float model.")
    private Path model;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "Where the quantized model goes: whole, or not at all.")
    private Path output;

    @Option(
            names = "--calibration",
            paramLabel = "PATH",
            description =
                    "What the network sees in use: a file or folder of pictures (jpg, png), .npy, .npz with arrays by the"
                            + " names of the inputs, or ONNX tensors (.pb, test_data_set_*).")
    private Path calibration;

    @Option(names = "--samples", paramLabel = "N", description = "So many samples of it, evenly spread (default: all).")
    private Integer samples;

    @Option(
            names = "--keep-float",
            paramLabel = "REGEX",
            description = "Nodes that stay in float: those in whose name the expression is found.")
    private Pattern keepFloat;

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private ReadingOptions reading;

    @Mixin
    private ImageOptions images;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        json.check(spec);
        Checks.writable(spec, "-o", output);
        Checks.positive(spec, "--samples", samples);
        threads.check(spec);
        QConfig qconfig = weights.qconfig();
        if (calibration == null && !weights.weightOnly()) {
            throw Checks.usage(
                    spec, "no --calibration: scales of activations come from what the network sees; or --weight-only");
        }
        Graph network = reading.read(model);
        Samples data = calibration == null ? null : data(network);
        Prepared prepared = Quantization.prepare(network, mapping(network, qconfig));
        Graph quantized = weights.weightOnly()
                ? Quantization.convert(prepared)
                : Quantization.convert(prepared, calibrate(prepared, data));
        Onnx.write(quantized, output);

        OutputComparison comparison = data == null ? null : compare(network, quantized, data);
        double[] nanos = data == null ? null : nanos(network, quantized, data);
        QuantizeReport report =
                QuantizeReport.of(model, output, weights.name(), qconfig, prepared, quantized, comparison, nanos);
        PrintWriter text = json.text(spec.commandLine().getOut());
        report.print(text);
        text.flush();
        json.write(spec.commandLine().getOut(), report.json());
        return 0;
    }

    private Samples data(Graph network) {
        Samples all = images.samples(calibration, network.inputSpecs());
        return samples == null ? all : all.take(samples);
    }

    private QConfigMapping mapping(Graph network, QConfig qconfig) {
        QConfigMapping mapping = QConfigMapping.global(qconfig);
        if (keepFloat == null) {
            return mapping;
        }
        List<String> names = network.nodes().stream().map(Node::name).toList();
        List<String> kept =
                names.stream().filter(name -> keepFloat.matcher(name).find()).toList();
        if (kept.isEmpty()) {
            throw Checks.usage(
                    spec,
                    "--keep-float " + keepFloat + ": found in no node's name; they are "
                            + names.subList(0, Math.min(NAMES_SHOWN, names.size()))
                            + (names.size() > NAMES_SHOWN ? " and " + (names.size() - NAMES_SHOWN) + " more" : ""));
        }
        for (String name : kept) {
            mapping = mapping.layer(name, null);
        }
        return mapping;
    }

    private Calibration calibrate(Prepared prepared, Samples data) {
        try (Calibrator calibrator = new Calibrator(prepared);
                Progress progress = new Progress("calibrate")) {
            calibrator.observe(progress.over(data));
            return calibrator.result();
        }
    }

    private OutputComparison compare(Graph network, Graph quantized, Samples data) {
        int count = threads.count();
        try (Session before = Session.builder(network).threads(count).build();
                Session after = Session.builder(quantized).threads(count).build();
                Progress progress = new Progress("compare")) {
            return OutputComparison.of(before, after, progress.over(data));
        }
    }

    /** Time of a run before and after on one thread, on the first sample. */
    private static double[] nanos(Graph network, Graph quantized, Samples data) {
        List<String> names = network.inputSpecs().stream().map(TensorSpec::name).toList();
        List<Tensor> sample = new ArrayList<>();
        Inputs.forEach(data.take(1), inputs -> sample.addAll(inputs.tensors(names)));
        try (Session before = Session.builder(network).threads(1).build();
                Session after = Session.builder(quantized).threads(1).build()) {
            return Measure.medianNanos(before, after, sample);
        }
    }
}
