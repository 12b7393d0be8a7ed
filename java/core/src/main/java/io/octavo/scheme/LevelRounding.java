package io.octavo.scheme;

/**
 * Real levels rounded to multiples of one scale between -127 and 127: a table that integer kernels can run.
 *
 * <p>The scale is chosen so that the rounding costs least: of the scales that put the level of greatest magnitude at 64
 * to 127 (in steps of 1/8; smaller numbers would only waste entries), the one with the least sum of weighted squared
 * differences, the largest number winning ties. Powers of two come out exact: with the greatest at 64 the others are
 * 32, 16 and so on.
 *
 * @param scale what an entry is a multiple of
 * @param entries one a level, in the levels' order
 */
record LevelRounding(float scale, byte[] entries) {
    static final int GREATEST_ENTRY = 127;
    /**
     * The least scale of a table: a channel whose weights are next to nothing decodes to zeros, and biases stay finite when
     * they are divided by the product of this scale and the least one of activations.
     */
    static final float LEAST_SCALE = 0x1p-64f;

    private static final int LEAST_TOP = 64;
    private static final int STEPS = 8;

    static LevelRounding of(double[] levels, double[] weights) {
        double greatest = 0;
        for (double level : levels) {
            greatest = Math.max(greatest, Math.abs(level));
        }
        if (greatest == 0) {
            return new LevelRounding(AffineFormula.EPSILON, new byte[levels.length]);
        }
        double best = Double.POSITIVE_INFINITY;
        float bestScale = 0;
        for (int i = GREATEST_ENTRY * STEPS; i >= LEAST_TOP * STEPS; i--) {
            float scale = Math.max((float) (greatest * STEPS / i), LEAST_SCALE);
            double error = 0;
            for (int j = 0; j < levels.length && error < best; j++) {
                double d = levels[j] - entry(levels[j], scale) * (double) scale;
                error += weights[j] * d * d;
            }
            if (error < best) {
                best = error;
                bestScale = scale;
            }
        }
        byte[] entries = new byte[levels.length];
        for (int j = 0; j < entries.length; j++) {
            entries[j] = entry(levels[j], bestScale);
        }
        return new LevelRounding(bestScale, entries);
    }

    private static byte entry(double level, float scale) {
        return (byte) Math.max(-GREATEST_ENTRY, Math.min(GREATEST_ENTRY, Math.rint(level / scale)));
    }
}
