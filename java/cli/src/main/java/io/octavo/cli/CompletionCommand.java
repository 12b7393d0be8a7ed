package io.octavo.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a shell needs to complete commands and options. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description = "Prints what a shell reads to complete commands and options.",
        footerHeading = "%nExamples:%n",
        footer = {"  source <(octavo completion bash)", "  source <(octavo completion zsh)", ""})
final class CompletionCommand implements Callable<Integer> {
    /** Shells that are known. */
    enum Shell {
        bash,
        zsh
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
    private Shell shell;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        // One text for both: zsh reads bash's by its bashcompinit, which the text itself loads.
        out.print(AutoComplete.bash(spec.root().name(), spec.root().commandLine()));
        out.flush();
        return 0;
    }
}
