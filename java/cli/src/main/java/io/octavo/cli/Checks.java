package io.octavo.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What cannot work is refused before the long work. */
final class Checks {
    private Checks() {}

    /** A wrong use of options: told with the command's usage, exit code 2. */
    static ParameterException usage(CommandSpec spec, String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** A file to be written, if one is named: in a folder that is there. */
    static void writable(CommandSpec spec, String option, Path file) {
        if (file == null) {
            return;
        }
        if (Files.isDirectory(file)) {
            throw usage(spec, option + " " + file + " is a folder: name a file in it");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isWritable(folder)) {
            throw usage(spec, option + " " + file + ": there is no such folder, or it is not writable");
        }
    }

    static void positive(CommandSpec spec, String option, Integer value) {
        if (value != null && value < 1) {
            throw usage(spec, option + " " + value + ": at least 1 is needed");
        }
    }
}
