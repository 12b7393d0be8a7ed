package io.octavo.observe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.NotFiniteException;
import io.octavo.scheme.Distribution;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What holds of observers whatever they see. */
class ObserverPropertiesTest {

    /** Kinds that do not depend on the order of the data. */
    @Provide
    Arbitrary<Supplier<Observer>> mergeable() {
        return Arbitraries.of(HistogramObserver::new, MinMaxObserver::new, () -> new PerChannelMinMaxObserver(1));
    }

    @Provide
    Arbitrary<Supplier<Observer>> all() {
        return Arbitraries.of(
                HistogramObserver::new,
                MinMaxObserver::new,
                () -> new PerChannelMinMaxObserver(1),
                MovingAverageMinMaxObserver::new,
                () -> new MovingAveragePerChannelMinMaxObserver(1, 0.1));
    }

    /** Rows of three: ordinary, tiny, huge, constant, of one sign, with zeros of both signs. */
    private static float[] rows(Random random, int count) {
        float[] x = new float[3 * count];
        int kind = random.nextInt(6);
        float unit = (float) Math.pow(10, random.nextInt(60) - 30);
        float shift = random.nextInt(3) * 5;
        for (int i = 0; i < x.length; i++) {
            double v = random.nextGaussian();
            x[i] = switch (kind) {
                case 0 -> (float) v * unit;
                case 1 -> (float) Math.abs(v) * unit + shift;
                case 2 -> 0.7f * unit;
                case 3 -> random.nextBoolean() ? 0f : -0f;
                case 4 -> (float) Math.exp(8 * v) * (random.nextBoolean() ? 1 : -1);
                default -> (float) (v + shift);
            };
        }
        return x;
    }

    @Property(tries = 200)
    void anySplitAndOrderOfTheDataGivesTheSameBytes(
            @ForAll("mergeable") Supplier<Observer> kind,
            @ForAll @IntRange(min = 1, max = 200) int count,
            @ForAll long seed) {
        Random random = new Random(seed);
        float[] x = rows(random, count);
        Observer whole = kind.get();
        whole.observe(Tensor.of(x, count, 3));
        List<float[]> parts = new ArrayList<>();
        for (int from = 0; from < count; ) {
            int to = from + 1 + random.nextInt(count - from);
            parts.add(Arrays.copyOfRange(x, 3 * from, 3 * to));
            from = to;
        }
        Collections.shuffle(parts, random);
        Observer inTurn = kind.get();
        Observer merged = kind.get();
        for (float[] part : parts) {
            inTurn.observe(Tensor.of(part, part.length / 3, 3));
            Observer own = kind.get();
            own.observe(Tensor.of(part, part.length / 3, 3));
            merged = random.nextBoolean() ? merged.merge(own) : own.merge(merged);
        }
        assertArrayEquals(whole.serialize(), inTurn.serialize());
        assertArrayEquals(whole.serialize(), merged.serialize());
        assertEquals(whole.distributions(), merged.distributions());
        assertEquals(3L * count, merged.count());
    }

    @Property(tries = 100)
    void bytesGiveTheObserverBack(
            @ForAll("all") Supplier<Observer> kind,
            @ForAll @IntRange(min = 0, max = 3) int batches,
            @ForAll long seed) {
        Random random = new Random(seed);
        Observer observer = kind.get();
        for (int i = 0; i < batches; i++) {
            observer.observe(Tensor.of(rows(random, 20), 20, 3));
        }
        Observer back = Observer.deserialize(observer.serialize());
        assertEquals(observer.getClass(), back.getClass());
        assertArrayEquals(observer.serialize(), back.serialize());
        Tensor more = Tensor.of(rows(random, 5), 5, 3);
        observer.observe(more);
        back.observe(more);
        assertArrayEquals(observer.serialize(), back.serialize());
        assertEquals(observer.distributions(), back.distributions());
    }

    @Property(tries = 60)
    void whatIsNotFiniteChangesNothing(@ForAll("all") Supplier<Observer> kind, @ForAll long seed) {
        Random random = new Random(seed);
        Observer observer = kind.get();
        if (random.nextBoolean()) {
            observer.observe(Tensor.of(rows(random, 4), 4, 3));
        }
        byte[] before = observer.serialize();
        float[] bad = rows(random, 10);
        int at = random.nextInt(bad.length);
        bad[at] = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        NotFiniteException e = assertThrows(NotFiniteException.class, () -> observer.observe(Tensor.of(bad, 10, 3)));
        assertEquals(true, e.getMessage().contains("index " + at + " "), e.getMessage());
        assertArrayEquals(before, observer.serialize());
    }

    @Property(tries = 100)
    void theHistogramCountsEveryValueInItsBin(@ForAll @IntRange(min = 1, max = 100) int count, @ForAll long seed) {
        float[] x = rows(new Random(seed), count);
        HistogramObserver observer = new HistogramObserver();
        observer.observe(Tensor.of(x, x.length));
        Distribution d = observer.distribution();
        long[] counts = d.histogram().counts();
        for (float v : x) {
            for (int i = 0; i < counts.length; i++) {
                if (d.histogram().lowerEdge(i) <= v && v < d.histogram().lowerEdge(i + 1)) {
                    counts[i]--;
                }
            }
        }
        assertArrayEquals(new long[counts.length], counts);
    }
}
