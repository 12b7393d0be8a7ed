package io.octavo.cli;

import io.octavo.OctavoException;
import io.octavo.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line: {@code octavo demo} and {@code octavo info}. Exit code 0: done; 1: a typed error, told in one line; 2: usage. */
@Command(
        name = "octavo",
        description = "Quantization toolkit and int8 inference for the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        subcommands = {DemoCommand.class, InfoCommand.class})
public final class Main {
    private Main() {}

    /** Executes a command line and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The commands, ready to execute; a test gives them other streams. */
    public static CommandLine commandLine() {
        return new CommandLine(new Main()).setExecutionExceptionHandler((exception, line, parsed) -> {
            if (exception instanceof OctavoException) {
                line.getErr().println("octavo: " + exception.getMessage());
                return 1;
            }
            throw exception;
        });
    }

    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"octavo " + Version.VERSION};
        }
    }
}
