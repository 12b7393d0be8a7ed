package io.octavo.cli;

import io.octavo.runtime.Machine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code --threads}. */
final class ThreadsOption {
    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: the CPUs this process may use).")
    private Integer threads;

    void check(CommandSpec spec) {
        Checks.positive(spec, "--threads", threads);
    }

    /** How many threads a run may use. */
    int count() {
        return threads == null ? Machine.threads() : threads;
    }
}
