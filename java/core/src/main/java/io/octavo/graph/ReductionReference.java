package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** What {@link Reduction} operators compute. */
final class ReductionReference {
    static final OpTable<Reference, List<Tensor>> TABLE = OpTable.<Reference, List<Tensor>>of(
                    "the reference", Reduction.class)
            .row(Reduction.Reduce.class, (node, op) -> List.of(reduce(node, op)))
            .row(Reduction.SoftmaxAlong.class, (node, op) -> List.of(softmax(node, op.axis(), op.log())))
            .row(Reduction.ArgReduce.class, (node, op) -> List.of(arg(node, op)))
            .row(Reduction.TopK.class, ReductionReference::topK)
            .row(Reduction.CumSum.class, (node, op) -> List.of(cumSum(node, op)))
            .build();

    private ReductionReference() {}

    static List<Tensor> outputs(Reference node, Reduction op) {
        return TABLE.apply(node, op);
    }

    private static Tensor reduce(Reference node, Reduction.Reduce op) {
        node.requireKept(0);
        Elements x = node.codes(0);
        Elements y = node.zeros(0);
        Shape kept = x.shape(); // the result's with the axes in it
        for (int axis : op.axes()) {
            kept = kept.with(axis, Dim.of(1));
        }
        int[] group = new int[x.count()]; // by element of x: the result to which it belongs
        Shape groups = kept;
        Places.forEach(x.shape(), (i, at) -> group[i] = Places.broadcast(at, groups));
        if (x.areReal()) {
            real(op.kind(), x, group, y);
        } else {
            whole(op.kind(), x, group, y, node.value(0).isQuantized());
        }
        return y.tensor();
    }

    private static void real(Reduction.Reduce.Kind kind, Elements x, int[] group, Elements y) {
        int n = x.count() / y.count();
        double[] greatest = new double[y.count()];
        double[] result = new double[y.count()];
        Arrays.fill(greatest, Double.NEGATIVE_INFINITY);
        for (int i = 0; i < group.length; i++) {
            greatest[group[i]] = Math.max(greatest[group[i]], x.real(i));
        }
        Arrays.fill(
                result,
                switch (kind) {
                    case PROD -> 1;
                    case MAX -> Double.NEGATIVE_INFINITY;
                    case MIN -> Double.POSITIVE_INFINITY;
                    default -> 0;
                });
        for (int i = 0; i < group.length; i++) {
            int g = group[i];
            double element = x.real(i);
            // An infinite greatest element would make NaN of itself.
            double shift = Double.isInfinite(greatest[g]) ? 0 : greatest[g];
            result[g] = switch (kind) {
                case SUM, MEAN, LOG_SUM -> result[g] + element;
                case MAX -> Math.max(result[g], element);
                case MIN -> Math.min(result[g], element);
                case PROD -> result[g] * element;
                case L1 -> result[g] + Math.abs(element);
                case L2, SUM_SQUARE -> result[g] + element * element;
                case LOG_SUM_EXP -> result[g] + Math.exp(element - shift);
            };
        }
        for (int g = 0; g < result.length; g++) {
            double shift = Double.isInfinite(greatest[g]) ? 0 : greatest[g];
            y.set(
                    g,
                    switch (kind) {
                        case SUM, MAX, MIN, PROD, L1, SUM_SQUARE -> result[g];
                        case MEAN -> result[g] / n;
                        case L2 -> Math.sqrt(result[g]);
                        case LOG_SUM -> Math.log(result[g]);
                        case LOG_SUM_EXP -> Math.log(result[g]) + shift;
                    });
        }
    }

    private static void whole(Reduction.Reduce.Kind kind, Elements x, int[] group, Elements y, boolean codes) {
        int n = x.count() / y.count();
        boolean[] begun = new boolean[y.count()];
        long[] result = new long[y.count()];
        for (int i = 0; i < group.length; i++) {
            int g = group[i];
            long element = x.whole(i);
            result[g] = !begun[g]
                    ? element
                    : switch (kind) {
                        case SUM, MEAN -> result[g] + element;
                        case MAX -> Math.max(result[g], element);
                        case MIN -> Math.min(result[g], element);
                        case PROD -> result[g] * element;
                        default -> throw new IllegalStateException(kind + " of integers");
                    };
            begun[g] = true;
        }
        for (int g = 0; g < result.length; g++) {
            boolean mean = kind == Reduction.Reduce.Kind.MEAN;
            // The mean of codes is the code of the mean: the zero point is in each of them.
            y.set(g, !mean ? result[g] : codes ? (long) Math.rint((double) result[g] / n) : result[g] / n);
        }
    }

    /** A line of elements along an axis: where it begins, the step, and how many. */
    private record Line(int first, int step, int count) {
        int at(int i) {
            return first + i * step;
        }
    }

    /** All lines along an axis, in the order of the other dimensions. */
    private static Line[] lines(Shape shape, int axis) {
        int step = Places.count(shape, axis + 1, shape.rank());
        int count = (int) shape.dim(axis);
        Line[] lines = new Line[Places.count(shape, 0, axis) * step];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = new Line(i / step * step * count + i % step, step, count);
        }
        return lines;
    }

    static Tensor softmax(Reference node, int axis, boolean log) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        for (Line line : lines(x.shape(), axis)) {
            double greatest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < line.count; i++) {
                greatest = Math.max(greatest, x.real(line.at(i)));
            }
            double sum = 0;
            for (int i = 0; i < line.count; i++) {
                sum += Math.exp(x.real(line.at(i)) - greatest);
            }
            for (int i = 0; i < line.count; i++) {
                double shifted = x.real(line.at(i)) - greatest;
                y.set(line.at(i), log ? shifted - Math.log(sum) : Math.exp(shifted) / sum);
            }
        }
        return y.tensor();
    }

    private static Tensor arg(Reference node, Reduction.ArgReduce op) {
        Elements x = node.codes(0);
        Elements y = node.zeros(0);
        Line[] lines = lines(x.shape(), op.axis());
        for (int l = 0; l < lines.length; l++) {
            int best = 0;
            for (int i = 1; i < lines[l].count; i++) {
                int order = x.compare(lines[l].at(i), lines[l].at(best));
                if (order == 0 ? op.last() : order > 0 == op.greatest()) {
                    best = i;
                }
            }
            y.set(l, (long) best);
        }
        return y.tensor();
    }

    private static List<Tensor> topK(Reference node, Reduction.TopK op) {
        Elements x = node.codes(0);
        Elements values = new Elements(x.dtype(), node.result(0));
        Elements indices = new Elements(DType.S64, node.result(0));
        Line[] from = lines(x.shape(), op.axis());
        Line[] to = lines(values.shape(), op.axis());
        for (int l = 0; l < from.length; l++) {
            Line line = from[l];
            Comparator<Integer> order = (i, j) -> x.compare(line.at(i), line.at(j));
            List<Integer> sorted = IntStream.range(0, line.count)
                    .boxed()
                    .sorted(op.greatest() ? order.reversed() : order)
                    .toList();
            for (int i = 0; i < to[l].count; i++) {
                indices.set(to[l].at(i), (long) sorted.get(i));
                if (x.areReal()) {
                    values.set(to[l].at(i), x.real(line.at(sorted.get(i))));
                } else {
                    values.set(to[l].at(i), x.whole(line.at(sorted.get(i))));
                }
            }
        }
        return List.of(values.tensor(), indices.tensor());
    }

    private static Tensor cumSum(Reference node, Reduction.CumSum op) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        for (Line line : lines(x.shape(), op.axis())) {
            double real = 0;
            long whole = 0;
            for (int i = 0; i < line.count; i++) {
                int at = line.at(op.reverse() ? line.count - 1 - i : i);
                if (x.areReal()) {
                    y.set(at, op.exclusive() ? real : real + x.real(at));
                    real += x.real(at);
                } else {
                    y.set(at, op.exclusive() ? whole : whole + x.whole(at));
                    whole += x.whole(at);
                }
            }
        }
        return y.tensor();
    }
}
