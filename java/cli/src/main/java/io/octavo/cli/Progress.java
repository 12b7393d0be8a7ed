package io.octavo.cli;

import io.octavo.data.Batch;
import io.octavo.data.DataLoader;
import io.octavo.train.TrainingListener;
import io.octavo.train.TrainingProgress;
import java.io.PrintStream;
import java.util.Iterator;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar with an estimate, on standard error; drawn rarely where that is no terminal. */
final class Progress implements AutoCloseable, TrainingListener {
    private static final PrintStream TERMINAL = System.err;
    private static final int WIDTH = 110;

    private final ProgressBar bar;

    Progress(String task) {
        bar = new ProgressBarBuilder()
                .setTaskName(task)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(System.console() == null ? 10_000 : 250)
                .setConsumer(new ConsoleProgressBarConsumer(TERMINAL, WIDTH))
                .build();
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
        return () -> new Iterator<>() {
            private final Iterator<Batch> batches = loader.iterator();
            private long images;

            @Override
            public boolean hasNext() {
                return batches.hasNext();
            }

            @Override
            public Batch next() {
                Batch batch = batches.next();
                images += batch.size();
                step(images, loader.images());
                return batch;
            }
        };
    }

    @Override
    public void close() {
        bar.close();
    }
}
