package io.octavo.train;

/**
 * A learning rate that rises once and falls once along half cosines (Smith, Topin: "Super-convergence", 2018), by the formulas of
 * PyTorch's OneCycleLR with cosine annealing in two phases. The momentum stays as it is (PyTorch's {@code cycle_momentum=False}).
 *
 * @param peak the greatest rate
 * @param rising the part of the steps in which the rate rises, 0 to 1
 * @param divide the first rate is {@code peak / divide}
 * @param finalDivide the last rate is {@code peak / divide / finalDivide}
 */
public record OneCycle(double peak, double rising, double divide, double finalDivide) implements Schedule {
    /**
     * Checks the values.
     *
     * @throws io.octavo.InvalidValueException if one is out of its range
     */
    public OneCycle {
        Checks.range("peak learning rate", peak, 0, Double.MAX_VALUE);
        Checks.range("rising part", rising, 0, 1);
        Checks.range("divisor of the first rate", divide, Double.MIN_NORMAL, Double.MAX_VALUE);
        Checks.range("divisor of the last rate", finalDivide, Double.MIN_NORMAL, Double.MAX_VALUE);
    }

    @Override
    public double learningRate(long step, long stepsPerEpoch, long steps) {
        double first = peak / divide;
        double top = rising * steps - 1;
        double end = steps - 1;
        if (step <= top) {
            return anneal(first, peak, top == 0 ? 1 : step / top);
        }
        return anneal(peak, first / finalDivide, end <= top ? 1 : (step - top) / (end - top));
    }

    private static double anneal(double from, double to, double part) {
        return to + (from - to) / 2 * (1 + Math.cos(Math.PI * part));
    }
}
