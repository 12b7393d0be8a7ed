package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
    static Stream<Optimizer> optimizers() {
        return Stream.of(
                new Sgd(),
                new Sgd().momentum(0.9),
                new Sgd().momentum(0.9).weightDecay(0.01),
                new Sgd().momentum(0.8).dampening(0.3).weightDecay(0.02),
                new Sgd().momentum(0.9).nesterov(true).weightDecay(0.01),
                new Adam(),
                new Adam().betas(0.8, 0.95).epsilon(1e-4).weightDecay(0.05));
    }

    /** Five steps against the formulas in double; the gradients are those of softmax regression, in double too. */
    @ParameterizedTest
    @MethodSource("optimizers")
    void stepsFollowTheFormulas(Optimizer optimizer) {
        float[] weights = {0.3f, -0.2f, 0.1f, 0.4f, -0.5f, 0.25f};
        float[] x = {0.5f, -1f, 0.25f, 1f, 0.75f, -0.5f, -0.25f, 0.1f};
        int[] labels = {2, 0, 1, 2};
        Graph.Builder builder = Graph.builder("regression");
        builder.input("x", DType.F32, Shape.ofBatch(2));
        builder.constant("w", Tensor.of(weights, 3, 2));
        Graph graph = builder.output(builder.node("y", new Op.Linear(), List.of("x", "w")))
                .build();

        double[] w = DoubleNet.doubles(weights);
        double[] first = new double[6]; // velocity, or m
        double[] second = new double[6]; // v
        try (TrainingPlan plan = new TrainingPlan(Autodiff.differentiate(graph, optimizer), 1)) {
            for (int step = 0; step < 5; step++) {
                double rate = 0.1 * (step + 1);
                plan.step(Tensor.of(x, 4, 2), Tensor.ofInts(labels), optimizer.hyper(rate, step), step, 0);
                double[] g = gradient(w, x, labels);
                for (int i = 0; i < 6; i++) {
                    w[i] = optimizer instanceof Sgd sgd
                            ? sgd(sgd, w[i], g[i], first, i, step, rate)
                            : adam((Adam) optimizer, w[i], g[i], first, second, i, step + 1, rate);
                }
            }
            float[] found = plan.read(List.of("w")).get("w").toFloatArray();
            for (int i = 0; i < 6; i++) {
                // Five steps of about twenty float operations each on numbers near 1; Adam divides by a root, which
                // amplifies a relative error by little.
                assertEquals(w[i], found[i], 2e-5, "w[" + i + "]");
            }
        }
    }

    private static double sgd(Sgd sgd, double p, double g, double[] velocity, int i, int step, double rate) {
        g += sgd.weightDecay() * p;
        velocity[i] = step == 0 ? g : sgd.momentum() * velocity[i] + (1 - sgd.dampening()) * g;
        return p - rate * (sgd.nesterov() ? g + sgd.momentum() * velocity[i] : velocity[i]);
    }

    private static double adam(Adam adam, double p, double g, double[] m, double[] v, int i, int t, double rate) {
        g += adam.weightDecay() * p;
        m[i] = adam.beta1() * m[i] + (1 - adam.beta1()) * g;
        v[i] = adam.beta2() * v[i] + (1 - adam.beta2()) * g * g;
        double mean = m[i] / (1 - Math.pow(adam.beta1(), t));
        return p - rate * mean / (Math.sqrt(v[i] / (1 - Math.pow(adam.beta2(), t))) + adam.epsilon());
    }

    private static double[] gradient(double[] w, float[] x, int[] labels) {
        double[] gradient = new double[6];
        for (int n = 0; n < 4; n++) {
            double[] exp = new double[3];
            double sum = 0;
            for (int c = 0; c < 3; c++) {
                exp[c] = Math.exp(w[2 * c] * x[2 * n] + w[2 * c + 1] * x[2 * n + 1]);
                sum += exp[c];
            }
            for (int c = 0; c < 3; c++) {
                double d = (exp[c] / sum - (labels[n] == c ? 1 : 0)) / 4;
                gradient[2 * c] += d * x[2 * n];
                gradient[2 * c + 1] += d * x[2 * n + 1];
            }
        }
        return gradient;
    }

    @Test
    void valuesOutOfRangeAreRefused() {
        assertThrows(InvalidValueException.class, () -> new Sgd().momentum(-0.1));
        assertThrows(InvalidValueException.class, () -> new Sgd().weightDecay(Double.NaN));
        assertThrows(InvalidValueException.class, () -> new Sgd().nesterov(true));
        assertThrows(
                InvalidValueException.class,
                () -> new Sgd().momentum(0.9).nesterov(true).dampening(0.1));
        assertThrows(InvalidValueException.class, () -> new Adam().betas(1, 0.9));
        assertThrows(InvalidValueException.class, () -> new Adam().epsilon(0));
    }
}
