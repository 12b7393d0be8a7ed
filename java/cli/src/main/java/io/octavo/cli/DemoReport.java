package io.octavo.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the demo found.
 *
 * @param dataset {@code "cifar10"} or {@code "fashion-mnist"}
 * @param testImages images that every accuracy was measured on
 * @param isa the instruction set of the int8 kernels
 * @param floating the trained network in float
 * @param int8 the same, quantized with the default qconfig
 * @param schemes the four schemes on the weights of the same network
 */
record DemoReport(String dataset, long testImages, String isa, Row floating, Row int8, List<SchemeRow> schemes) {

    /**
     * One form of the network.
     *
     * @param top1 percent of test images whose largest logit is the label's
     * @param bytes stored parameters: weights or codes, tables, scales, zero points, biases
     * @param latencyMicros median of one image on one thread
     * @param imagesPerSecond at batch 128 on all threads
     */
    record Row(double top1, long bytes, double latencyMicros, double imagesPerSecond) {
        private Map<String, Object> json() {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("top1", top1);
            row.put("bytes", bytes);
            row.put("latencyMicros", latencyMicros);
            row.put("imagesPerSecond", imagesPerSecond);
            return row;
        }
    }

    /**
     * One scheme for the weights; activations are 8-bit uniform.
     *
     * @param bitsPerWeight codes, tables and scales counted
     * @param weightBytes the same in bytes, all weights
     * @param sqnrDb signal to quantization noise of the weights, as the kernels run them
     * @param tableLossDb what rounding table entries to 8 bits cost of it; 0 for affine schemes (not part of the JSON)
     */
    record SchemeRow(
            String scheme,
            int bits,
            String granularity,
            double top1,
            double bitsPerWeight,
            long weightBytes,
            double sqnrDb,
            double latencyMicros,
            double tableLossDb) {
        private Map<String, Object> json() {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("scheme", scheme);
            row.put("bits", bits);
            row.put("granularity", granularity);
            row.put("top1", top1);
            row.put("bitsPerWeight", bitsPerWeight);
            row.put("weightBytes", weightBytes);
            row.put("sqnrDb", sqnrDb);
            row.put("latencyMicros", latencyMicros);
            return row;
        }
    }

    /** Writes the report as JSON: whole, or not at all. */
    void write(Path file) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("dataset", dataset);
        root.put("testImages", testImages);
        root.put("isa", isa);
        root.put("float", floating.json());
        root.put("int8", int8.json());
        root.put("schemes", schemes.stream().map(SchemeRow::json).toList());
        AtomicFile.write(
                file,
                to -> AtomicFile.writeFully(
                        to,
                        StandardCharsets.UTF_8.encode(
                                JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(root) + "\n")));
    }
}
