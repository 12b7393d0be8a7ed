package io.octavo.cli;

import io.octavo.Version;
import io.octavo.runtime.Machine;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What Octavo found on this machine. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description = "Prints the CPU, its instruction sets and the one in use.")
final class InfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("octavo %s%ncpu     %s%nthreads %d%n", Version.VERSION, Machine.cpu(), Machine.threads());
        for (Machine.Isa isa : Machine.isas()) {
            String state = isa.active() ? "in use" : isa.supported() ? "available" : "not on this CPU";
            out.printf("isa     %-7s %-16s %s%n", isa.name(), state, isa.description());
        }
        out.flush();
        return 0;
    }
}
