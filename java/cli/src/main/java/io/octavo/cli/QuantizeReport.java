package io.octavo.cli;

import io.octavo.DataException;
import io.octavo.analyze.OutputComparison;
import io.octavo.calibrate.Decision;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.qconfig.QConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What {@code octavo quantize} has to say.
 *
 * @param types of the nodes that run on codes, or of which the weights are codes: operator to how many
 * @param floats nodes that stay in float
 * @param bytes of the parameters before and after
 * @param fileBytes of the files before and after
 * @param comparison null without data
 * @param nanos of a run before and after; null without data
 */
record QuantizeReport(
        Path model,
        Path output,
        String qconfigName,
        QConfig qconfig,
        Map<String, Integer> types,
        List<FloatNode> floats,
        long[] bytes,
        long[] fileBytes,
        OutputComparison comparison,
        double[] nanos) {
    /** A node that stays in float, and why. */
    record FloatNode(String node, String operator, String why) {}

    static QuantizeReport of(
            Path model,
            Path output,
            String qconfigName,
            QConfig qconfig,
            Prepared prepared,
            Graph quantized,
            OutputComparison comparison,
            double[] nanos) {
        Map<String, Integer> types = new TreeMap<>();
        List<FloatNode> floats = new ArrayList<>();
        for (Node node : prepared.graph().nodes()) {
            Decision decision = prepared.decisions().get(node.name());
            if (decision.kind() == Decision.Kind.FLOAT) {
                floats.add(new FloatNode(node.name(), node.op().type(), decision.why()));
            } else {
                types.merge(node.op().type(), 1, Integer::sum);
            }
        }
        try {
            return new QuantizeReport(
                    model,
                    output,
                    qconfigName,
                    qconfig,
                    types,
                    floats,
                    new long[] {prepared.graph().storageBytes(), quantized.storageBytes()},
                    new long[] {Files.size(model), Files.size(output)},
                    comparison,
                    nanos);
        } catch (IOException e) {
            throw DataException.reading(output, e);
        }
    }

    private int quantizedNodes() {
        return types.values().stream().mapToInt(Integer::intValue).sum();
    }

    void print(PrintWriter out) {
        out.printf(
                "%s: qconfig %s, weights %s of %d bits per %s%s%n%n",
                output,
                qconfigName,
                qconfig.weight().name(),
                qconfig.weight().bits(),
                qconfig.weightGranularity(),
                comparison == null ? "" : ", " + TextTable.number(comparison.runs()) + " sample(s)");
        out.printf(
                "quantized      %d of %d nodes after fusing: %s%n",
                quantizedNodes(),
                quantizedNodes() + floats.size(),
                types.entrySet().stream()
                        .map(entry -> entry.getValue() + " " + entry.getKey())
                        .collect(Collectors.joining(", ")));
        out.printf("left in float  %d%n", floats.size());
        if (!floats.isEmpty()) {
            out.println();
            TextTable table = new TextTable("left in float", "operator", "why");
            floats.forEach(node -> table.row(node.node(), node.operator(), node.why()));
            table.print(out);
        }
        out.println();
        TextTable costs = new TextTable("", ">before", ">after", ">ratio");
        costs.row("parameters", bytes(bytes[0]), bytes(bytes[1]), ratio(bytes[0], bytes[1]));
        costs.row("file", bytes(fileBytes[0]), bytes(fileBytes[1]), ratio(fileBytes[0], fileBytes[1]));
        if (nanos != null) {
            costs.row(
                    "latency, one thread",
                    TextTable.time(nanos[0]),
                    TextTable.time(nanos[1]),
                    ratio(nanos[0], nanos[1]));
        }
        costs.print(out);
        if (comparison != null) {
            out.println();
            CompareCommand.table(comparison).print(out);
        }
    }

    private static String bytes(long count) {
        return TextTable.number(count) + " bytes";
    }

    private static String ratio(double before, double after) {
        return TextTable.number(before / after, 2) + "x";
    }

    Map<String, Object> json() {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("model", model.toString());
        root.put("output", output.toString());
        root.put("qconfig", qconfigName);
        root.put("scheme", qconfig.weight().name());
        root.put("bits", qconfig.weight().bits());
        root.put("granularity", qconfig.weightGranularity().toString());
        root.put("samples", comparison == null ? 0 : comparison.runs());
        root.put("quantizedNodes", quantizedNodes());
        root.put("quantizedOperators", types);
        root.put("floatNodes", floats);
        root.put("bytesBefore", bytes[0]);
        root.put("bytesAfter", bytes[1]);
        root.put("fileBytesBefore", fileBytes[0]);
        root.put("fileBytesAfter", fileBytes[1]);
        root.put("latencyMicrosBefore", nanos == null ? null : nanos[0] / 1e3);
        root.put("latencyMicrosAfter", nanos == null ? null : nanos[1] / 1e3);
        root.put("outputs", comparison == null ? List.of() : CompareCommand.rows(comparison));
        return root;
    }
}
