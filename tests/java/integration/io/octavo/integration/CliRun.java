package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Map;
import picocli.CommandLine;

/** One command line that was run, in this process. */
record CliRun(int code, String out, String err) {
    static CliRun of(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int code = line.execute(Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
        return new CliRun(code, out.toString(), err.toString());
    }

    /** Of a command that succeeds. */
    static String output(Object... arguments) {
        CliRun run = of(arguments);
        assertEquals(0, run.code, run::toString);
        return run.out;
    }

    /** Of a command that succeeds and prints JSON and nothing else. */
    static Map<String, Object> json(Object... arguments) throws IOException {
        return JSON.std.mapFrom(output(arguments));
    }

    /** Of a command that fails with one line that says all of {@code words}. */
    static void fails(String words, Object... arguments) {
        CliRun run = of(arguments);
        assertEquals(1, run.code, run::toString);
        assertEquals(1, run.err.lines().count(), run::toString);
        run.says(words);
    }

    /** Of a command that is used wrongly: the first line says all of {@code words}, the usage follows. */
    static void misused(String words, Object... arguments) {
        CliRun run = of(arguments);
        assertEquals(2, run.code, run::toString);
        assertTrue(run.err.contains("Usage: octavo"), run::toString);
        run.says(words);
    }

    private void says(String words) {
        for (String word : words.split(" ")) {
            assertTrue(err.lines().findFirst().orElse("").contains(word), word + " in " + err);
        }
        assertFalse(err.contains("\tat "), "no stack trace: " + err);
    }
}
