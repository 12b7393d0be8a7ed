package io.octavo.conformance;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs cases of ONNX operators and networks, and says which pass, which fail, and which are not supported and why. */
@Command(
        name = "scripts/conformance",
        mixinStandardHelpOptions = true,
        description = {
            "Runs cases of ONNX's backend test format: CASE/model.onnx with CASE/test_data_set_N/{input,output}_N.pb.",
            "Without --cases: Debian's libonnx-testdata, and the collections in the folder that OCTAVO_CONFORMANCE names.",
            "Floats may differ as for ONNX's own runner (relative 1e-3, absolute 1e-7) or as the collection's cases.tsv says;"
                    + " integers, truth values, types and shapes are equal. Exit code 1 if a case failed."
        })
final class Conformance implements Callable<Integer> {
    @Option(names = "--cases", paramLabel = "DIR", description = "Folder of cases, or of folders of cases.")
    private Path cases;

    @Option(names = "--json", paramLabel = "FILE", description = "Where the result of each case is written.")
    private Path json;

    @Option(names = "--tolerance", paramLabel = "REL", description = "Relative tolerance of floats.")
    private Double tolerance;

    @Spec
    private CommandSpec spec;

    /** Executes a command line and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The command, ready to execute; a test gives it other streams. */
    static CommandLine commandLine() {
        return new CommandLine(new Conformance());
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<Collection> collections = cases == null ? Collection.ALL : List.of(Collection.of(cases.toString(), cases));
        Map<Collection, List<Outcome>> outcomes = new LinkedHashMap<>();
        for (Collection collection : collections) {
            if (collection.folder().isEmpty()) {
                out.println(collection.name() + ": not here");
            } else {
                outcomes.put(collection, run(collection));
                print(out, collection, outcomes.get(collection));
            }
        }
        long all = outcomes.values().stream().mapToLong(List::size).sum();
        if (all == 0) {
            throw new CommandLine.ParameterException(spec.commandLine(), "No case found");
        }
        if (json != null) {
            write(outcomes);
        }
        return outcomes.values().stream()
                        .flatMap(List::stream)
                        .anyMatch(outcome -> outcome.result() == Outcome.Result.FAILED)
                ? 1
                : 0;
    }

    private List<Outcome> run(Collection collection) {
        return run(collection.cases().stream()
                .map(one -> tolerance == null
                        ? one
                        : new Case(
                                one.group(),
                                one.name(),
                                one.model(),
                                one.tolerance().withRelative(tolerance)))
                .toList());
    }

    /** The outcomes of cases, in their order. */
    static List<Outcome> run(List<Case> cases) {
        return cases.parallelStream().map(CaseRunner::run).toList();
    }

    private static void print(PrintWriter out, Collection collection, List<Outcome> outcomes) {
        outcomes.stream()
                .filter(outcome -> outcome.result() == Outcome.Result.FAILED)
                .forEach(outcome -> out.println("FAILED " + outcome.of().name() + ": " + outcome.reason()));
        Map<String, List<Outcome>> groups = outcomes.stream()
                .collect(Collectors.groupingBy(o -> o.of().group(), TreeMap::new, Collectors.toList()));
        groups.forEach((group, some) -> out.printf(
                "%s%s: %d cases, %d passed, %d failed, %d unsupported%n",
                collection.name(),
                group.isEmpty() ? "" : "/" + group,
                some.size(),
                count(some, Outcome.Result.PASSED),
                count(some, Outcome.Result.FAILED),
                count(some, Outcome.Result.UNSUPPORTED)));
        out.flush();
    }

    static long count(List<Outcome> outcomes, Outcome.Result result) {
        return outcomes.stream().filter(outcome -> outcome.result() == result).count();
    }

    private void write(Map<Collection, List<Outcome>> outcomes) throws IOException {
        List<Map<String, String>> list = new ArrayList<>();
        outcomes.forEach((collection, some) -> some.forEach(outcome -> {
            Map<String, String> entry = new LinkedHashMap<>();
            entry.put("name", outcome.of().name());
            entry.put("collection", collection.name());
            entry.put("result", outcome.word());
            entry.put("reason", outcome.reason());
            list.add(entry);
        }));
        byte[] bytes = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(Map.of("cases", list));
        AtomicFile.write(json, channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(bytes)));
    }
}
