package io.octavo.cli;

import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.onnx.ModelInfo;
import io.octavo.onnx.Onnx;
import io.octavo.runtime.Explanation;
import io.octavo.runtime.Session;
import io.octavo.tensor.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What is in a model, and how it runs here. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description =
                "Prints a model's inputs, outputs, operators and parameters, and how each of its nodes runs on this machine.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  octavo inspect model.onnx",
            "  octavo inspect detector.onnx --shape images=1x3x640x640",
            "  octavo inspect model.onnx --json | jq .operators",
            ""
        })
final class InspectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "ONNX file.")
    private Path model;

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private ReadingOptions reading;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        json.check(spec);
        threads.check(spec);
        ModelInfo info = Onnx.describe(model);
        PrintWriter text = json.text(spec.commandLine().getOut());
        print(text, info);
        Graph graph = reading.read(model);
        values(text, "inputs", graph.inputs());
        values(text, "outputs", graph.outputs());
        text.println();
        Map<String, Shape> known = graph.parameterInputs().isEmpty() ? ReadingOptions.known(graph, 1) : null;
        Explanation explanation = null;
        if (known != null) {
            try (Session session =
                    Session.builder(graph).threads(threads.count()).build()) {
                explanation = session.explain(known);
                text.print(explanation);
            }
        } else {
            text.println("How it runs depends on its inputs: "
                    + (graph.parameterInputs().isEmpty()
                            ? ReadingOptions.openDimensions(graph)
                            : graph.parameterInputs() + " say shapes, places or counts"));
        }
        text.flush();
        json.write(spec.commandLine().getOut(), results(info, graph, explanation));
        return 0;
    }

    private void print(PrintWriter out, ModelInfo info) {
        out.printf(
                "%s: opset %s, IR version %d%s%n",
                model,
                info.opsets().entrySet().stream()
                        .map(entry -> (entry.getKey().isEmpty() ? "" : entry.getKey() + " ") + entry.getValue())
                        .collect(Collectors.joining(", ")),
                info.irVersion(),
                info.producer().isEmpty() ? "" : ", written by " + info.producer());
        out.printf(
                "%s parameters in %s bytes%n%n",
                TextTable.number(info.parameters()), TextTable.number(info.parameterBytes()));
        TextTable operators = new TextTable("operator", ">nodes");
        info.operators().forEach((operator, count) -> operators.row(operator, count));
        operators.row("all", info.nodes()).print(out);
        out.flush();
    }

    private static void values(PrintWriter out, String what, List<Value> values) {
        out.println();
        TextTable table = new TextTable(what, "type", "shape");
        values.forEach(
                value -> table.row(value.name(), value.dtype() + (value.isQuantized() ? " codes" : ""), value.shape()));
        table.print(out);
    }

    private Map<String, Object> results(ModelInfo info, Graph graph, Explanation explanation) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("model", model.toString());
        root.put("producer", info.producer());
        root.put("irVersion", info.irVersion());
        root.put("opsets", info.opsets());
        root.put("operators", info.operators());
        root.put("parameters", info.parameters());
        root.put("parameterBytes", info.parameterBytes());
        root.put("inputs", ModelJson.values(graph.inputs()));
        root.put("outputs", ModelJson.values(graph.outputs()));
        root.put("isa", explanation == null ? null : explanation.isa());
        root.put("steps", explanation == null ? null : ModelJson.steps(explanation));
        return root;
    }
}
