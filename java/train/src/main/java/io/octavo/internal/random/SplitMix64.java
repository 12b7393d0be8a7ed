package io.octavo.internal.random;

/**
 * The SplitMix64 generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014; output mix of
 * Stafford's variant 13). Written out here because the JDK does not promise the same numbers in every version.
 */
public final class SplitMix64 {
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    /** The same seed gives the same numbers on any machine. */
    public SplitMix64(long seed) {
        this.state = seed;
    }

    /** The next 64 random bits. */
    public long nextLong() {
        state += GAMMA;
        return mix(state);
    }

    /** A number from 0 to bound - 1. The bias is below bound / 2^53, which is nothing for a data set's size. */
    public int nextInt(int bound) {
        return (int) ((nextLong() >>> 11) * 0x1p-53 * bound);
    }

    /** A hash of two numbers: an independent seed for each pair. */
    public static long mix(long a, long b) {
        return mix(mix(a + GAMMA) + b * GAMMA);
    }

    /** The numbers 0 to n - 1 in a random order (Fisher-Yates). */
    public static int[] permutation(int n, long seed) {
        SplitMix64 random = new SplitMix64(seed);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
