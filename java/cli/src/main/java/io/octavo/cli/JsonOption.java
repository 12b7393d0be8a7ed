package io.octavo.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code --json}: results as JSON, on the standard output in place of text, or in a file beside it. */
final class JsonOption {
    private static final String STANDARD_OUTPUT = "-";

    @Option(
            names = "--json",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = STANDARD_OUTPUT,
            preprocessor = Attached.class,
            description =
                    "Results as JSON: on the standard output in place of text, or with =FILE (or a name that ends in"
                            + " .json) also in that file.")
    private Path file;

    /** What follows {@code --json} may as well be the command's own argument: only a name that ends in .json is taken for the file. */
    static final class Attached implements IParameterPreprocessor {
        @Override
        public boolean preprocess(
                Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
            boolean attached = info.get("separator") != null && !" ".equals(info.get("separator"));
            if (!attached && (arguments.isEmpty() || !arguments.peek().endsWith(".json"))) {
                arguments.push(STANDARD_OUTPUT);
            }
            return false;
        }
    }

    /** Whether text stays away from the standard output. */
    boolean insteadOfText() {
        return file != null && file.toString().equals(STANDARD_OUTPUT);
    }

    /** Where text goes. */
    PrintWriter text(PrintWriter out) {
        return insteadOfText() ? new PrintWriter(PrintWriter.nullWriter()) : out;
    }

    /** Refuses a file that cannot be written before the work, not after. */
    void check(CommandSpec spec) {
        if (file != null && !insteadOfText()) {
            Checks.writable(spec, "--json", file);
        }
    }

    /** Writes results, if they are wanted so: a file whole, or not at all. */
    void write(PrintWriter out, Map<String, Object> results) throws IOException {
        if (file == null) {
            return;
        }
        String text = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(results);
        if (insteadOfText()) {
            out.println(text);
        } else {
            AtomicFile.write(file, to -> AtomicFile.writeFully(to, StandardCharsets.UTF_8.encode(text + "\n")));
        }
        out.flush();
    }

    /** A number that JSON has, or null: it has no infinity and no NaN. */
    static Double number(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
