package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans as they are described by hand, with states and the operators of training. */
class PlanTest {
    private static ValueSpec floats(String name, Role role, Shape shape) {
        return new ValueSpec(name, NativeType.F32, role, Layout.PLAIN, shape);
    }

    @Test
    void aTrainingStepChangesItsStates() {
        NativeLibrary.requireOnednn();
        float[] w = {0.5f, -0.25f, 0.125f, 1, 0, -1};
        float[] x = {1, 2, -1, 0.5f, -2, 1};
        int[] labels = {0, 1};
        try (PlanBuilder builder = new PlanBuilder()) {
            int in = builder.value(floats("x", Role.INPUT, Shape.ofBatch(3)));
            int label =
                    builder.value(new ValueSpec("labels", NativeType.S32, Role.INPUT, Layout.PLAIN, Shape.ofBatch()));
            int hyper = builder.value(floats("hyper", Role.INPUT, Shape.of(5)));
            int weight = builder.value(ValueSpec.of("w", Role.STATE, Tensor.of(w, 2, 3)));
            int velocity = builder.value(ValueSpec.of("v", Role.STATE, Tensor.zeros(DType.F32, 2, 3)));
            int logits = builder.value(floats("logits", Role.TEMP, Shape.ofBatch(2)));
            int loss = builder.value(floats("loss", Role.OUTPUT, Shape.of(1)));
            int dlogits = builder.value(floats("dlogits", Role.TEMP, Shape.ofBatch(2)));
            int correct =
                    builder.value(new ValueSpec("correct", NativeType.S32, Role.OUTPUT, Layout.PLAIN, Shape.of(1)));
            int gradient = builder.value(floats("dw", Role.TEMP, Shape.of(2, 3)));
            builder.op(new OpSpec("fc", OpKind.LINEAR).inputs(in, weight).outputs(logits));
            builder.op(new OpSpec("loss", OpKind.CROSS_ENTROPY)
                    .inputs(logits, label)
                    .outputs(loss, dlogits, correct));
            builder.op(new OpSpec("dw", OpKind.LINEAR_GRAD_WEIGHT)
                    .inputs(in, dlogits)
                    .outputs(gradient));
            builder.op(new OpSpec("step", OpKind.SGD_STEP).inputs(weight, gradient, velocity, hyper));
            try (Plan plan = builder.build(new PlanOptions(1, 0, null, false), "Training step")) {
                Pointers inputs = new Pointers(3);
                Pointers outputs = new Pointers(2);
                Tensor lossOut = Tensor.zeros(DType.F32, 1);
                Tensor correctOut = Tensor.zeros(DType.S32, 1);
                inputs.set(0, Tensor.of(x, 2, 3));
                inputs.set(1, Tensor.ofInts(labels));
                inputs.set(2, Tensor.of(new float[] {0.1f, 0.9f, 0, 0, 0}));
                outputs.set(0, lossOut);
                outputs.set(1, correctOut);
                plan.run(inputs, outputs);

                double[] expected = new double[6];
                double expectedLoss = step(w, x, labels, expected);
                assertEquals(expectedLoss, lossOut.getFloat(0), 1e-6);
                Tensor now = Tensor.zeros(DType.F32, 2, 3);
                plan.readState(weight, now);
                for (int i = 0; i < 6; i++) {
                    assertEquals(expected[i], now.getFloat(i / 3, i % 3), 1e-6);
                }
                // Back to the start: the same step gives the same bytes.
                plan.writeState(weight, Tensor.of(w, 2, 3));
                plan.writeState(velocity, Tensor.zeros(DType.F32, 2, 3));
                plan.run(inputs, outputs);
                Tensor again = Tensor.zeros(DType.F32, 2, 3);
                plan.readState(weight, again);
                assertArrayEquals(now.toFloatArray(), again.toFloatArray());
                assertThrows(OctavoException.class, () -> plan.readState(weight, Tensor.zeros(DType.F32, 5)));
                assertThrows(OctavoException.class, () -> plan.readState(in, now));
            }
        }
    }

    /** One step of gradient descent on the mean cross entropy of x·w^T, learning rate 0.1. Returns the loss before it. */
    private static double step(float[] w, float[] x, int[] labels, double[] updated) {
        for (int i = 0; i < 6; i++) {
            updated[i] = w[i];
        }
        double loss = 0;
        for (int n = 0; n < 2; n++) {
            double[] logits = new double[2];
            for (int i = 0; i < 6; i++) {
                logits[i / 3] += (double) w[i] * x[n * 3 + i % 3];
            }
            double sum = Math.exp(logits[0]) + Math.exp(logits[1]);
            loss += (Math.log(sum) - logits[labels[n]]) / 2;
            for (int i = 0; i < 6; i++) {
                double gradient = (Math.exp(logits[i / 3]) / sum - (labels[n] == i / 3 ? 1 : 0)) / 2;
                updated[i] -= 0.1 * gradient * x[n * 3 + i % 3];
            }
        }
        return loss;
    }

    @Test
    void wrongDescriptionsAreRefusedByName() {
        try (PlanBuilder builder = new PlanBuilder()) {
            int x = builder.value(floats("x", Role.INPUT, Shape.ofBatch(3)));
            int y = builder.value(floats("y", Role.OUTPUT, Shape.ofBatch(4)));
            OctavoException e = assertThrows(OctavoException.class, () -> {
                builder.op(new OpSpec("copy", OpKind.CLAMP).relu().inputs(x).outputs(y));
                builder.build(PlanOptions.DEFAULT, "Plan").close();
            });
            assertTrue(e.getMessage().contains("copy"), e.getMessage());
            assertThrows(
                    OctavoException.class,
                    () -> builder.op(
                            new OpSpec("far", OpKind.CLAMP).relu().inputs(99).outputs(y)));
        }
    }

    @Test
    void anAttributeOfAnotherOperatorIsRefusedByName() {
        try (PlanBuilder builder = new PlanBuilder()) {
            int x = builder.value(floats("x", Role.INPUT, Shape.ofBatch(3)));
            int y = builder.value(floats("y", Role.OUTPUT, Shape.ofBatch(3)));
            OctavoException e = assertThrows(
                    InvalidValueException.class,
                    () -> builder.op(new OpSpec("soft", OpKind.SOFTMAX)
                            .momentum(0.5f)
                            .inputs(x)
                            .outputs(y)));
            assertEquals(
                    "operator \"soft\" (softmax): attribute \"momentum\" is not one of this operator; it takes axis, log",
                    e.getMessage());
        }
    }

    @Test
    void aBuilderIsClosedOnce() {
        PlanBuilder builder = new PlanBuilder();
        builder.close();
        builder.close();
        assertThrows(ClosedException.class, () -> builder.value(floats("x", Role.INPUT, Shape.ofBatch(3))));
        assertThrows(ClosedException.class, () -> builder.build(PlanOptions.DEFAULT, "Plan"));
    }

    @Test
    void aPlanKnowsItsBuffers() {
        try (PlanBuilder builder = new PlanBuilder()) {
            int x = builder.value(floats("x", Role.INPUT, Shape.ofBatch(3)));
            int y = builder.value(floats("y", Role.OUTPUT, Shape.ofBatch(3)));
            builder.op(new OpSpec("relu", OpKind.CLAMP).relu().inputs(x).outputs(y));
            try (Plan plan = builder.build(PlanOptions.DEFAULT, "Plan")) {
                assertEquals(60, plan.inputBytes(0, 5));
                assertEquals(60, plan.outputBytes(0, 5));
                assertEquals(-1, plan.inputBytes(1, 5));
                List<String> names = new ArrayList<>();
                plan.steps((name, kernel, reason, fused, weightBytes, macs, nanoseconds) -> names.add(name));
                assertEquals(List.of("relu"), names);
                Pointers in = new Pointers(1);
                Pointers out = new Pointers(1);
                Tensor result = Tensor.zeros(DType.F32, 1, 3);
                in.set(0, Tensor.of(new float[] {-1, 2, -3}, 1, 3));
                out.set(0, result);
                plan.run(in, out);
                assertArrayEquals(new float[] {0, 2, 0}, result.toFloatArray());
                in.set(0, Tensor.zeros(DType.F32, 1, 4));
                ShapeMismatchException e = assertThrows(ShapeMismatchException.class, () -> plan.run(in, out));
                assertEquals("\"x\" (of the inputs): shape [1, 4], expected [N, 3], N at least 1", e.getMessage());
                in.set(0, Tensor.zeros(DType.F32, 2, 3));
                e = assertThrows(ShapeMismatchException.class, () -> plan.run(in, out));
                assertEquals("\"y\" (of the outputs): a batch of 1, expected 2 like \"x\"", e.getMessage());
                in.set(0, result);
                assertThrows(InvalidValueException.class, () -> plan.run(in, out), "one memory for both");
                in.clear();
                assertThrows(InvalidValueException.class, () -> plan.run(in, out));
            }
        }
    }

    /** x [N, rows, 2] and its products with w [3, 2], whose zero point is 0 and scale 0.5. */
    private static Plan product(Tensor codes, int rows, SharedWeights weights) {
        try (PlanBuilder builder = new PlanBuilder()) {
            int x = builder.value(floats("x", Role.INPUT, Shape.ofBatch(rows, 2)));
            int w = builder.value(
                    ValueSpec.of("w", Role.CONSTANT, codes).affine(-1, 0, new float[] {0.5f}, new int[] {0}));
            int y = builder.value(floats("y", Role.OUTPUT, Shape.ofBatch(rows, 3)));
            builder.op(new OpSpec("fc", OpKind.LINEAR).inputs(x, w).outputs(y));
            return builder.build(PlanOptions.DEFAULT, weights, "Plan of " + rows + " rows");
        }
    }

    private static float[] run(Plan plan, int rows) {
        Pointers in = new Pointers(1);
        Pointers out = new Pointers(1);
        Tensor y = Tensor.zeros(DType.F32, 1, rows, 3);
        float[] x = new float[2 * rows];
        for (int i = 0; i < rows; i++) {
            x[2 * i] = 1;
            x[2 * i + 1] = 10;
        }
        in.set(0, Tensor.of(x, 1, rows, 2));
        out.set(0, y);
        plan.run(in, out);
        return y.toFloatArray();
    }

    @Test
    void plansShareTheirWeightsAndOutliveThem() {
        Tensor codes = Tensor.ofBytes(DType.S8, new byte[] {2, 4, 6, 8, -2, 0}, 3, 2);
        Tensor others = Tensor.ofBytes(DType.S8, new byte[] {2, 4, 6, 8, -2, 2}, 3, 2);
        SharedWeights weights = new SharedWeights();
        try (Plan two = product(codes, 2, weights)) {
            long packed = weights.memory().packed();
            assertTrue(weights.memory().bytes() > 0);
            try (Plan three = product(codes, 3, weights)) {
                assertEquals(packed, weights.memory().packed(), "packed once for both shapes");
                assertArrayEquals(new float[] {21, 43, -1, 21, 43, -1, 21, 43, -1}, run(three, 3));
            }
            try (Plan other = product(others, 2, weights)) {
                assertTrue(weights.memory().packed() > packed, "other codes of the same name");
                assertArrayEquals(new float[] {21, 43, 9, 21, 43, 9}, run(other, 2));
            }
            weights.close();
            weights.close();
            assertArrayEquals(new float[] {21, 43, -1, 21, 43, -1}, run(two, 2));
        }
        assertThrows(ClosedException.class, weights::memory);
        assertThrows(ClosedException.class, () -> product(codes, 2, weights));
    }
}
