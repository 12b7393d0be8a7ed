package io.octavo.cli;

import io.octavo.InvalidValueException;
import io.octavo.qconfig.QConfig;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import java.util.function.IntFunction;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** By which qconfig, and how the weights get codes. */
final class WeightOptions {
    private static final String DEFAULT = "octavo";
    private static final int GROUP_MULTIPLE = 32; // what the kernel of linear layers takes at once

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--qconfig",
            paramLabel = "NAME",
            description =
                    "octavo, fbgemm, x86, onednn or qnnpack (default: octavo: activations of 8 bits, full range, weights of 8"
                            + " bits per channel).")
    private String qconfig;

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description =
                    "Scheme of the weights: ${COMPLETION-CANDIDATES} (default: the qconfig's; octavo's is clipping).")
    private Name scheme;

    @Option(
            names = "--bits",
            paramLabel = "N",
            description = "Bits of a weight, 2 to 8 (default: 8; logarithmic and kmeans: 4).")
    private Integer bits;

    @Option(
            names = "--granularity",
            paramLabel = "G",
            description =
                    "Weights that share a scale or table: tensor, channel, or with --weight-only group:N, N a multiple of 32"
                            + " (default: the qconfig's, channel).")
    private String granularity;

    @Option(
            names = "--weight-only",
            description =
                    "Quantizes the weights of linear layers alone; activations stay float, and no calibration is needed.")
    private boolean weightOnly;

    /** The schemes by the names that they have on a command line. */
    enum Name {
        uniform(8, Uniform::weights),
        clipping(8, Clipping::weights),
        logarithmic(4, Logarithmic::base2),
        kmeans(4, KMeans::of);

        private final int bits;
        private final IntFunction<Scheme> made;

        Name(int bits, IntFunction<Scheme> made) {
            this.bits = bits;
            this.made = made;
        }
    }

    boolean weightOnly() {
        return weightOnly;
    }

    /** Name of the qconfig that activations go by. */
    String name() {
        return weightOnly ? "weight-only" : qconfig == null ? DEFAULT : qconfig;
    }

    /** The qconfig that the options say; a usage error where they do not go together. */
    QConfig qconfig() {
        if (weightOnly && qconfig != null) {
            throw Checks.usage(spec, "--weight-only and --qconfig exclude each other: activations stay float");
        }
        QConfig base;
        try {
            base = QConfig.getDefault(qconfig == null ? DEFAULT : qconfig);
        } catch (InvalidValueException e) {
            throw Checks.usage(spec, "--qconfig " + qconfig + ": " + e.getMessage());
        }
        Scheme weights = base.weight();
        if (scheme != null || bits != null) {
            Name name = scheme == null ? Name.uniform : scheme;
            int width = bits == null ? name.bits : bits;
            if (width < 2 || width > 8) {
                throw Checks.usage(spec, "--bits " + width + ": every scheme has 2 to 8");
            }
            weights = name.made.apply(width);
        }
        Granularity sets = granularity == null ? base.weightGranularity() : granularity();
        return weightOnly ? QConfig.weightOnly(weights, sets) : base.withWeight(weights, sets);
    }

    private Granularity granularity() {
        if (granularity.equals("tensor")) {
            return Granularity.perTensor();
        }
        if (granularity.equals("channel")) {
            return Granularity.perChannel(0);
        }
        if (!granularity.matches("group:[1-9][0-9]{0,8}")) {
            throw Checks.usage(
                    spec, "--granularity " + granularity + ": tensor, channel, or group:N with --weight-only");
        }
        int size = Integer.parseInt(granularity.substring("group:".length()));
        if (!weightOnly) {
            throw Checks.usage(
                    spec,
                    "--granularity " + granularity
                            + ": groups are for --weight-only; where activations are quantized too: tensor or channel");
        }
        if (size % GROUP_MULTIPLE != 0) {
            throw Checks.usage(
                    spec, "--granularity " + granularity + ": a group is a multiple of " + GROUP_MULTIPLE + " weights");
        }
        return Granularity.perGroup(size);
    }
}
