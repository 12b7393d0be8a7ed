package io.octavo.data;

/** Told how far a long piece of work has come; always called by the thread that asked for the work. */
@FunctionalInterface
public interface ProgressListener {
    /** Listens to nothing. */
    ProgressListener NONE = (task, done, total) -> {};

    /**
     * @param task what is being done, such as {@code "decoding cifar10-images.zip"}
     * @param done how much of it is done, 0 to {@code total}
     * @param total how much there is (images, bytes); -1 if not known
     */
    void update(String task, long done, long total);
}
