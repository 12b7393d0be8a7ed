package io.octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A thread that keeps to some CPUs. */
final class Pinned {
    private Pinned() {}

    /** Runs it in a thread of its own, on the first so many CPUs that the process may use, and waits for it. */
    static void run(int cpus, Runnable work) throws InterruptedException, ExecutionException, IOException {
        FutureTask<Void> task = new FutureTask<>(() -> {
            pin(cpus);
            work.run();
            return null;
        });
        Thread thread = new Thread(task, "measures");
        thread.start();
        thread.join();
        task.get();
    }

    /** The kernel's number of a thread is known to that thread alone; the affinity is set by util-linux's taskset. */
    private static void pin(int cpus) throws IOException, InterruptedException {
        String thread = Files.readSymbolicLink(Path.of("/proc/thread-self"))
                .getFileName()
                .toString();
        List<String> allowed = allowed();
        String list = String.join(",", allowed.subList(0, Math.min(cpus, allowed.size())));
        Process taskset = new ProcessBuilder("taskset", "--pid", "--cpu-list", list, thread)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (taskset.waitFor() != 0) {
            throw new IOException("taskset could not keep thread " + thread + " to CPUs " + list);
        }
    }

    private static List<String> allowed() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(one -> one.startsWith("Cpus_allowed_list:"))
                .findFirst()
                .orElseThrow();
        List<String> cpus = new ArrayList<>();
        for (String range : line.substring(line.indexOf(':') + 1).strip().split(",")) {
            String[] ends = range.split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                cpus.add(Integer.toString(cpu));
            }
        }
        return cpus;
    }
}
