package io.octavo.internal.bind;

/**
 * How a plan is built.
 *
 * @param threads most threads of a run; 0: the process's setting at the time of the run
 * @param chunk samples that go through together; 0: chosen by the plan
 * @param isa cap of the instruction set; null: the one in use
 * @param profile whether every step is timed
 */
public record PlanOptions(int threads, int chunk, String isa, boolean profile) {
    /** Everything left to the library. */
    public static final PlanOptions DEFAULT = new PlanOptions(0, 0, null, false);
}
