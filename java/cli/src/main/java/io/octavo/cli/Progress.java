package io.octavo.cli;

import io.octavo.data.Batch;
import io.octavo.data.BatchIterator;
import io.octavo.data.DataLoader;
import io.octavo.data.Samples;
import io.octavo.tensor.Inputs;
import io.octavo.train.TrainingListener;
import io.octavo.train.TrainingProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar with an estimate, on standard error; where that is no terminal, a line every ten seconds and at the end. */
final class Progress implements AutoCloseable, TrainingListener {
    private static final PrintStream OUT = System.err;
    private static final int WIDTH = 110;
    private static final boolean TERMINAL = isTerminal(Path.of("/proc/self/fd/2"));

    private final ProgressBar bar;

    Progress(String task) {
        bar = new ProgressBarBuilder()
                .setTaskName(task)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(TERMINAL ? 250 : 10_000)
                .setConsumer(
                        TERMINAL
                                ? new ConsoleProgressBarConsumer(OUT, WIDTH)
                                : new DelegatingProgressBarConsumer(new Lines()::print, WIDTH))
                .build();
    }

    /** Asked of the file behind the stream: System.console() tells of the standard input, and from JDK 22 on is never null. */
    static boolean isTerminal(Path stream) {
        try {
            String file = Files.readSymbolicLink(stream).toString();
            return file.startsWith("/dev/pts/") || file.startsWith("/dev/tty") || file.equals("/dev/console");
        } catch (IOException | RuntimeException e) {
            return false; // plain lines are right anywhere
        }
    }

    /** {@code done} of {@code total}; -1: not known. */
    void step(long done, long total) {
        bar.maxHint(total);
        bar.stepTo(done);
    }

    /** A data set's own listener: names the task in the bar. */
    void data(String task, long done, long total) {
        bar.setExtraMessage(task);
        step(done, total);
    }

    @Override
    public void onBatch(TrainingProgress at) {
        step(at.step(), at.steps());
        bar.setExtraMessage(String.format(
                Locale.ROOT,
                "epoch %d/%d loss %.3f acc %.1f %%",
                at.epoch() + 1,
                at.epochs(),
                at.epochLoss(),
                at.epochAccuracy()));
    }

    /** The batches of one pass, each a step of the bar. */
    Iterable<Batch> over(DataLoader loader) {
        return () -> new Pass(loader);
    }

    /** The samples of one pass, each a step of the bar. */
    Iterable<Inputs> over(Samples samples) {
        return () -> new Counted(samples.iterator(), samples.size());
    }

    @Override
    public void close() {
        bar.close();
    }

    /** Samples that are counted as they are taken; arrays that are cut make more than there are files. */
    private final class Counted implements Iterator<Inputs>, AutoCloseable {
        private final Iterator<Inputs> samples;
        private final long all;
        private long taken;

        Counted(Iterator<Inputs> samples, long all) {
            this.samples = samples;
            this.all = all;
        }

        @Override
        public boolean hasNext() {
            step(taken, Math.max(all, taken)); // what was taken has been worked on by now
            return samples.hasNext();
        }

        @Override
        public Inputs next() {
            Inputs next = samples.next();
            taken++;
            return next;
        }

        @Override
        public void close() throws Exception {
            if (samples instanceof AutoCloseable closeable) {
                closeable.close();
            }
        }
    }

    /** A pass over a loader's data, closed with it. */
    private final class Pass implements Iterator<Batch>, AutoCloseable {
        private final BatchIterator batches;
        private final int all;
        private long images;

        Pass(DataLoader loader) {
            batches = loader.iterator();
            all = loader.images();
        }

        @Override
        public boolean hasNext() {
            return batches.hasNext();
        }

        @Override
        public Batch next() {
            Batch batch = batches.next();
            images += batch.size();
            step(images, all);
            return batch;
        }

        @Override
        public void close() {
            batches.close();
        }
    }

    /** Plain lines: none for a bar that has not begun, nor the same one again, which the bar draws when it ends. */
    private static final class Lines {
        private String last = "";

        void print(String line) {
            if (!line.contains(" 0/") && !line.equals(last)) {
                OUT.println(line);
            }
            last = line;
        }
    }
}
