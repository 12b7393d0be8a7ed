package io.octavo.bench;

/** A network that some runtime holds, ready to run on one input. */
interface Contender extends AutoCloseable {
    /** Computes the outputs once, into memory that is there already. */
    void run();

    /** The first output of the last run. */
    float[] output();

    @Override
    void close();
}
