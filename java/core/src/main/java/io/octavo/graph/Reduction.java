package io.octavo.graph;

import io.octavo.InvalidValueException;
import java.util.List;
import java.util.Locale;

/** Operators that take many elements along some dimensions together. Axes count from 0. */
public sealed interface Reduction extends Op
        permits Reduction.Reduce, Reduction.SoftmaxAlong, Reduction.ArgReduce, Reduction.TopK, Reduction.CumSum {

    /**
     * {@code x -> one number for all that differ in the axes alone}, of the type of x. F32; SUM, MAX, MIN, PROD and MEAN also of
     * integers, which wrap; MEAN, MAX and MIN of codes,
     * which keep their parameters, but a MEAN may have others of the same type.
     *
     * @param axes ascending, at least one
     * @param keepDims whether the axes stay, of size 1
     */
    record Reduce(Kind kind, List<Integer> axes, boolean keepDims) implements Reduction {
        /** What becomes of the elements. */
        public enum Kind {
            /** Their sum. */
            SUM,
            /** Their sum by their number. */
            MEAN,
            /** The greatest; NaN where one of them is. */
            MAX,
            /** The least; NaN where one of them is. */
            MIN,
            /** Their product. */
            PROD,
            /** The sum of their magnitudes. */
            L1,
            /** The square root of the sum of their squares. */
            L2,
            /** The sum of their squares. */
            SUM_SQUARE,
            /** The logarithm of their sum. */
            LOG_SUM,
            /** The logarithm of the sum of their powers of e, without overflow. */
            LOG_SUM_EXP
        }

        /** Copies and checks the axes. */
        public Reduce {
            axes = List.copyOf(axes);
            for (int i = 0; i < axes.size(); i++) {
                if (axes.get(i) < 0 || i > 0 && axes.get(i) <= axes.get(i - 1)) {
                    throw new InvalidValueException("Reduce over axes " + axes + ": they must be ascending, from 0");
                }
            }
            if (axes.isEmpty()) {
                throw new InvalidValueException("Reduce over no axis does nothing: leave it out");
            }
        }

        @Override
        public String type() {
            return "Reduce" + kind.name().charAt(0)
                    + kind.name().substring(1).toLowerCase(Locale.ROOT).replace("_", "");
        }
    }

    /** {@code exp(x) / sum(exp(x))} along an axis, or its logarithm; F32. */
    record SoftmaxAlong(int axis, boolean log) implements Reduction {
        /** Checks the axis. */
        public SoftmaxAlong {
            requireAxis("SoftmaxAlong", axis);
        }
    }

    /** {@code x -> where along the axis the greatest or least element is}, S64; the first of equal ones, or the last. */
    record ArgReduce(boolean greatest, int axis, boolean keepDims, boolean last) implements Reduction {
        /** Checks the axis. */
        public ArgReduce {
            requireAxis("ArgReduce", axis);
        }
    }

    /**
     * {@code x, k S64 [1] -> values, indices S64}: the k greatest or least along the axis, in order; of equal ones those that come
     * first. k must be known when the graph is lowered.
     */
    record TopK(int axis, boolean greatest) implements Reduction {
        /** Checks the axis. */
        public TopK {
            requireAxis("TopK", axis);
        }
    }

    /** {@code x -> sums of the elements up to each along the axis}, without it if exclusive, from the other end if reverse. */
    record CumSum(int axis, boolean exclusive, boolean reverse) implements Reduction {
        /** Checks the axis. */
        public CumSum {
            requireAxis("CumSum", axis);
        }
    }

    private static void requireAxis(String op, int axis) {
        if (axis < 0) {
            throw new InvalidValueException(op + " along axis " + axis + ": axes count from 0");
        }
    }
}
