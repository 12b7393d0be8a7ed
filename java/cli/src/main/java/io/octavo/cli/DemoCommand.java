package io.octavo.cli;

import io.octavo.analyze.WeightComparison;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.data.DataLoader;
import io.octavo.data.Dataset;
import io.octavo.data.Datasets;
import io.octavo.data.TrainTest;
import io.octavo.graph.Graph;
import io.octavo.nn.models.Models;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Machine;
import io.octavo.runtime.Session;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.SafeTensors;
import io.octavo.tensor.Shape;
import io.octavo.train.Evaluator;
import io.octavo.train.Schedule;
import io.octavo.train.Sgd;
import io.octavo.train.Trainer;
import io.octavo.train.Weights;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The main job: train, evaluate, calibrate, quantize with each scheme, evaluate on integer kernels, compare. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description = "Trains a network on CIFAR-10, quantizes it, and prints what int8 costs and gains.")
final class DemoCommand implements Callable<Integer> {
    private static final int THROUGHPUT_BATCH = 128;
    private static final int EVALUATION_BATCH = 128;

    /** A network that the demo knows, with the training that suits it. */
    enum Network {
        seednet(20, 64, 0.03),
        resnet20(4, 128, 0.2);

        final int epochs;
        final int batchSize;
        final double peak;

        Network(int epochs, int batchSize, double peak) {
            this.epochs = epochs;
            this.batchSize = batchSize;
            this.peak = peak;
        }

        Graph graph(Shape input, long seed) {
            return (this == seednet ? Models.seedNet() : Models.resnet20()).graph(input, seed);
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "CIFAR-10 (folder or archive) or Fashion-MNIST (folder).")
    private Path data;

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the results as JSON.")
    private Path json;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Network network = Network.seednet;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the training images (default: 20; resnet20: 4).")
    private Integer epochs;

    @Option(names = "--batch-size", paramLabel = "N", description = "Images a step (default: 64; resnet20: 128).")
    private Integer batchSize;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description =
                    "Constant learning rate instead of one cycle; images flipped but not shifted; no weight decay unless given. "
                            + "--lr 0.001 --batch-size 128 --epochs 2 are the first tutorial's settings, which barely train.")
    private Double learningRate;

    @Option(
            names = "--peak-lr",
            paramLabel = "RATE",
            description = "Peak of the one-cycle schedule (default: 0.03; resnet20: 0.2).")
    private Double peak;

    @Option(names = "--momentum", paramLabel = "M", description = "Default: ${DEFAULT-VALUE}.")
    private double momentum = 0.9;

    @Option(names = "--weight-decay", paramLabel = "W", description = "Default: 5e-4 (with --lr: 0).")
    private Double weightDecay;

    @Option(
            names = "--calibration-images",
            paramLabel = "N",
            description = "Training images to observe (default: all).")
    private Integer calibrationImages;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Seed of initialization, shuffling, flips and shifts (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Mixin
    private ThreadsOption threads;

    @Option(names = "--save", paramLabel = "FILE", description = "Save the trained weights (safetensors).")
    private Path save;

    @Option(names = "--load", paramLabel = "FILE", description = "Load weights saved before instead of training.")
    private Path load;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        checkOptions();
        Machine.setThreads(threads.count());
        out.printf("Octavo on %s, ISA %s, %d thread(s)%n", Machine.cpu(), Machine.isa(), Machine.threads());

        TrainTest sets;
        try (Progress progress = new Progress("data")) {
            sets = Datasets.find(data, progress::data);
        }
        out.printf(
                "Data: %s, %,d training and %,d test images%s%n",
                sets.name(),
                sets.train().size(),
                sets.test().size(),
                sets.note().isEmpty() ? "" : " (" + sets.note() + ")");

        DataLoader train = loader(sets.train(), batchSize != null ? batchSize : network.batchSize)
                .shuffle(seed)
                .flip(true)
                .shift(learningRate == null ? 2 : 0);
        DataLoader test = loader(sets.test(), EVALUATION_BATCH);
        Shape input = Shape.of(
                Shape.N,
                sets.train().imageShape().dim(0),
                sets.train().imageShape().dim(1),
                sets.train().imageShape().dim(2));
        Graph untrained = network.graph(input, seed);

        Graph trained = load != null ? Weights.load(untrained, load) : fit(untrained, train, out);
        if (save != null) {
            Weights.save(trained, save);
            out.printf("Weights saved to %s%n", save);
        }

        Prepared prepared = Quantization.prepare(trained, QConfig.getDefault("fbgemm"));
        Calibration calibration = calibrate(prepared, sets.train());
        Graph int8 = Quantization.convert(prepared, calibration);

        DemoReport.Row floatRow = row("float", trained, test);
        DemoReport.Row int8Row = row("int8", int8, test);
        Tables.networks(out, sets.name(), network.name(), sets.test().size(), Machine.isa(), floatRow, int8Row);

        List<DemoReport.SchemeRow> schemes = schemes(prepared, calibration, test);
        Tables.schemes(out, sets.name(), network.name(), schemes);
        out.flush();
        if (json != null) {
            new DemoReport(sets.name(), sets.test().size(), Machine.isa(), floatRow, int8Row, schemes).write(json);
        }
        return 0;
    }

    /** What cannot work is refused before the long work, not after. */
    private void checkOptions() {
        Checks.writable(spec, "--json", json);
        Checks.writable(spec, "--save", save);
        Checks.positive(spec, "--epochs", epochs);
        Checks.positive(spec, "--batch-size", batchSize);
        Checks.positive(spec, "--calibration-images", calibrationImages);
        threads.check(spec);
        requireNumber("--lr", learningRate);
        requireNumber("--peak-lr", peak);
        requireNumber("--momentum", momentum);
        requireNumber("--weight-decay", weightDecay);
        refuseTogether("--lr", "--peak-lr");
        if (load != null) {
            for (String of : List.of("--epochs", "--batch-size", "--lr", "--peak-lr", "--momentum", "--weight-decay")) {
                refuseTogether("--load", of); // nothing is trained
            }
            SafeTensors.metadata(load); // throws if it is no such file
        }
    }

    private void requireNumber(String option, Double value) {
        if (value != null && !(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw Checks.usage(spec, option + " " + value + ": a number from 0 on is needed");
        }
    }

    private void refuseTogether(String option, String other) {
        ParseResult given = spec.commandLine().getParseResult();
        if (given.hasMatchedOption(option) && given.hasMatchedOption(other)) {
            throw Checks.usage(spec, option + " and " + other + " exclude each other");
        }
    }

    private static DataLoader loader(Dataset dataset, int batchSize) {
        return DataLoader.of(dataset).batchSize(batchSize);
    }

    private Graph fit(Graph untrained, DataLoader train, PrintWriter out) {
        int passes = epochs != null ? epochs : network.epochs;
        double decay = weightDecay != null ? weightDecay : learningRate != null ? 0 : 5e-4;
        double rate = learningRate != null ? learningRate : peak != null ? peak : network.peak;
        Schedule schedule = learningRate != null ? Schedule.constant(rate) : Schedule.oneCycle(rate);
        int batch = batchSize != null ? batchSize : network.batchSize;
        long start = System.nanoTime();
        try (Progress progress = new Progress("train")) {
            Graph trained = Trainer.builder(untrained)
                    .optimizer(new Sgd().momentum(momentum).weightDecay(decay))
                    .schedule(schedule)
                    .epochs(passes)
                    .seed(seed)
                    .listener(progress)
                    .build()
                    .fit(train);
            out.printf(
                    "Trained %d epochs in %.1f s: batch %d, %s %s, momentum %s, weight decay %s%n",
                    passes,
                    (System.nanoTime() - start) / 1e9,
                    batch,
                    learningRate != null ? "learning rate" : "one cycle with peak",
                    rate,
                    momentum,
                    decay);
            return trained;
        }
    }

    private Calibration calibrate(Prepared prepared, Dataset dataset) {
        DataLoader images = loader(dataset, EVALUATION_BATCH);
        if (calibrationImages != null) {
            images = images.shuffle(seed).take(calibrationImages);
        }
        try (Calibrator calibrator = new Calibrator(prepared);
                Progress progress = new Progress("calibrate")) {
            calibrator.observe(progress.over(images));
            return calibrator.result();
        }
    }

    private DemoReport.Row row(String name, Graph graph, DataLoader test) {
        return new DemoReport.Row(
                top1(name, graph, test),
                parameterBytes(graph),
                Measure.latencyMicros(graph),
                Measure.imagesPerSecond(graph, THROUGHPUT_BATCH));
    }

    private static long parameterBytes(Graph graph) {
        try (Session session = Session.of(graph)) {
            return session.modelBytes();
        }
    }

    private double top1(String name, Graph graph, DataLoader test) {
        try (Progress progress = new Progress("evaluate " + name)) {
            return Evaluator.evaluate(graph, progress.over(test)).top1();
        }
    }

    private List<DemoReport.SchemeRow> schemes(Prepared prepared, Calibration calibration, DataLoader test) {
        List<Scheme> schemes = List.of(
                Uniform.weights(8),
                Uniform.weights(4),
                Clipping.weights(8),
                Clipping.weights(4),
                Logarithmic.base2(4),
                KMeans.of(4),
                KMeans.of(8));
        List<DemoReport.SchemeRow> rows = new ArrayList<>();
        for (Scheme scheme : schemes) {
            QConfig qconfig = QConfig.getDefault("fbgemm").withWeight(scheme, Granularity.perChannel(0));
            Graph quantized = Quantization.convert(prepared.with(qconfig), calibration);
            WeightComparison weights = WeightComparison.of(prepared.graph(), quantized);
            rows.add(new DemoReport.SchemeRow(
                    scheme.name(),
                    scheme.bits(),
                    "channel",
                    top1(scheme.name() + " " + scheme.bits(), quantized, test),
                    weights.bitsPerWeight(),
                    weights.bytes(),
                    weights.sqnrDb(),
                    Measure.latencyMicros(quantized),
                    weights.tableLossDb()));
        }
        return rows;
    }
}
