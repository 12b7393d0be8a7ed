package io.octavo.cli;

import io.octavo.OctavoException;
import io.octavo.Version;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line. Exit code 0: done; 1: a typed error, told in one line; 2: usage. */
@Command(
        name = "octavo",
        description = "Quantization toolkit and int8 inference for the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        subcommands = {
            QuantizeCommand.class,
            RunCommand.class,
            InspectCommand.class,
            CompareCommand.class,
            BenchCommand.class,
            DemoCommand.class,
            InfoCommand.class,
            CompletionCommand.class
        })
public final class Main {
    private static final int HELP_WIDTH = 110;

    private Main() {}

    /** Executes a command line and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The commands, ready to execute; a test gives them other streams. */
    public static CommandLine commandLine() {
        CommandLine octavo = new CommandLine(new Main());
        octavo.setExecutionExceptionHandler((exception, line, parsed) -> {
            if (exception instanceof OctavoException) {
                line.getErr().println("octavo: " + exception.getMessage().replaceAll("\\s*\\R\\s*", "; "));
                return 1;
            }
            throw exception;
        });
        octavo.setUsageHelpWidth(HELP_WIDTH);
        describeExitCodes(octavo);
        octavo.getSubcommands().values().forEach(Main::describeExitCodes);
        return octavo;
    }

    private static void describeExitCodes(CommandLine command) {
        Map<String, String> codes = new LinkedHashMap<>();
        codes.put("0", "done");
        codes.put("1", "a model, data or file that cannot be used, named in one line on the standard error");
        codes.put("2", "wrong options or arguments");
        command.getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(codes);
    }

    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"octavo " + Version.VERSION};
        }
    }
}
