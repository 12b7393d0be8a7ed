package io.octavo.scheme;

import java.util.function.DoubleUnaryOperator;

/**
 * The range with the least squared error. The error has many local minima: each level that moves past a value makes
 * one. A range with both signs is searched by its common factor first, then one end at a time. The whole range is
 * always among the candidates, so clipping never has a greater error than not clipping.
 */
final class MseRange {
    private static final int GRID = 512;
    private static final int ROUNDS = 3;
    private static final double NARROWEST = 1.0 / 64; // of the whole range

    private MseRange() {}

    /** Squared error of the data under a scale and zero point. */
    interface Error {
        double of(float scale, int zeroPoint);
    }

    static Limits of(AffineFormula formula, float min, float max, Error error) {
        float lo = Math.min(min, 0f);
        float hi = Math.max(max, 0f);
        if (formula.symmetric()) {
            // Without a narrow range one end of the codes lies half a step inside: let the range reach until the
            // greatest value is a level there.
            int nearer = Math.min(formula.qMax() - formula.middle(), formula.middle() - formula.qMin());
            double furthest = (formula.qMax() - formula.qMin()) / 2.0 / Math.max(1, nearer);
            float magnitude = Math.max(-lo, hi);
            float reach = scaled(magnitude, least(furthest, r -> at(formula, error, 0f, scaled(magnitude, r))));
            return new Limits(-reach, reach);
        }
        if (lo == 0f || hi == 0f) {
            double reach = least(1, r -> at(formula, error, scaled(lo, r), scaled(hi, r)));
            return new Limits(scaled(lo, reach), scaled(hi, reach));
        }
        double both = least(1, r -> at(formula, error, scaled(lo, r), scaled(hi, r)));
        float bestLo = scaled(lo, both);
        float bestHi = scaled(hi, both);
        double best = at(formula, error, bestLo, bestHi);
        for (int round = 0; round < ROUNDS; round++) {
            float fixedLo = bestLo;
            float nextHi = scaled(hi, least(1, r -> at(formula, error, fixedLo, scaled(hi, r))));
            float nextLo = scaled(lo, least(1, r -> at(formula, error, scaled(lo, r), nextHi)));
            double next = at(formula, error, nextLo, nextHi);
            if (!(next < best)) {
                break;
            }
            best = next;
            bestLo = nextLo;
            bestHi = nextHi;
        }
        return new Limits(bestLo, bestHi);
    }

    private static double at(AffineFormula formula, Error error, float lo, float hi) {
        float scale = formula.scale(lo, hi);
        return Float.isFinite(scale) ? error.of(scale, formula.zeroPoint(lo, scale)) : Double.POSITIVE_INFINITY;
    }

    private static float scaled(float bound, double reach) {
        return (float) (bound * reach);
    }

    private static double least(double furthest, DoubleUnaryOperator error) {
        return LineSearch.minimize(NARROWEST, furthest, GRID, error);
    }
}
