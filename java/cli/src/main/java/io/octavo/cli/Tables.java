package io.octavo.cli;

import java.io.PrintWriter;
import java.util.List;

/** The two tables of the demo, as text. */
final class Tables {
    private Tables() {}

    static void networks(
            PrintWriter out,
            String dataset,
            String model,
            long testImages,
            String isa,
            DemoReport.Row floating,
            DemoReport.Row int8) {
        out.printf("%n%s on %s, %,d test images, ISA %s%n%n", model, dataset, testImages, isa);
        out.printf("%-12s %12s %12s %14s %16s%n", "", "top-1 %", "model bytes", "latency µs", "images/s");
        out.printf("%-12s %12s %12s %14s %16s%n", "", "", "", "batch 1", "batch 128");
        network(out, "float", floating);
        network(out, "int8", int8);
        out.printf(
                "%-12s %+12.2f %11.2fx %13.2fx %15.2fx%n",
                "difference",
                int8.top1() - floating.top1(),
                (double) floating.bytes() / int8.bytes(),
                floating.latencyMicros() / int8.latencyMicros(),
                int8.imagesPerSecond() / floating.imagesPerSecond());
    }

    private static void network(PrintWriter out, String name, DemoReport.Row row) {
        out.printf(
                "%-12s %12.2f %,12d %14.1f %,16.0f%n",
                name, row.top1(), row.bytes(), row.latencyMicros(), row.imagesPerSecond());
    }

    static void schemes(PrintWriter out, String dataset, String model, List<DemoReport.SchemeRow> rows) {
        out.printf("%nThe four schemes on the weights of %s (%s), activations 8-bit uniform%n%n", model, dataset);
        out.printf(
                "%-12s %4s %-9s %8s %12s %13s %9s %11s%n",
                "scheme", "bits", "per", "top-1 %", "bits/weight", "weight bytes", "SQNR dB", "latency µs");
        for (DemoReport.SchemeRow row : rows) {
            out.printf(
                    "%-12s %4d %-9s %8.2f %12.2f %,13d %9.1f %11.1f%n",
                    row.scheme(),
                    row.bits(),
                    row.granularity(),
                    row.top1(),
                    row.bitsPerWeight(),
                    row.weightBytes(),
                    row.sqnrDb(),
                    row.latencyMicros());
        }
        for (DemoReport.SchemeRow row : rows) {
            if (row.tableLossDb() > 0.005) {
                out.printf(
                        "%s %d: rounding its table to the kernels' 8 bits costs %.2f dB of SQNR%n",
                        row.scheme(), row.bits(), row.tableLossDb());
            }
        }
    }
}
