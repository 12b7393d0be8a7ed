package io.octavo.scheme;

import java.util.function.DoubleUnaryOperator;

/**
 * The least value of a function of one positive number that may have many local minima: a geometric grid first, then a
 * golden-section search between the neighbours of the grid's best point.
 */
final class LineSearch {
    private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;
    private static final int REFINEMENTS = 24;

    private LineSearch() {}

    /**
     * The argument with the least value seen. 1 is always among those tried, and wins ties with later ones.
     *
     * @param least smallest argument, above 0
     * @param greatest largest argument, at least 1
     * @param grid points of the grid
     */
    static double minimize(double least, double greatest, int grid, DoubleUnaryOperator f) {
        double step = StrictMath.pow(least / greatest, 1.0 / (grid - 1)); // StrictMath: the same bits on any machine
        double best = 1;
        double bestValue = f.applyAsDouble(1);
        double x = greatest;
        for (int i = 0; i < grid; i++, x *= step) {
            double value = f.applyAsDouble(x);
            if (value < bestValue) {
                best = x;
                bestValue = value;
            }
        }
        double left = best * step;
        double right = Math.min(best / step, greatest);
        double a = right - GOLDEN * (right - left);
        double b = left + GOLDEN * (right - left);
        double atA = f.applyAsDouble(a);
        double atB = f.applyAsDouble(b);
        for (int i = 0; i < REFINEMENTS; i++) {
            if (atA < bestValue) {
                best = a;
                bestValue = atA;
            }
            if (atB < bestValue) {
                best = b;
                bestValue = atB;
            }
            if (atA <= atB) {
                right = b;
                b = a;
                atB = atA;
                a = right - GOLDEN * (right - left);
                atA = f.applyAsDouble(a);
            } else {
                left = a;
                a = b;
                atA = atB;
                b = left + GOLDEN * (right - left);
                atB = f.applyAsDouble(b);
            }
        }
        return best;
    }
}
