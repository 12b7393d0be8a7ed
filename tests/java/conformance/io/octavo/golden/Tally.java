package io.octavo.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Counts elements compared and elements that differ, and keeps the first differences for the message. */
public final class Tally {
    private static final int SHOWN = 12;

    private final String label;
    private final List<String> differences = new ArrayList<>();
    private int cases;
    private int wrongCases;
    private long compared;
    private long differing;

    public Tally(String label) {
        this.label = label;
    }

    /** Compares two tensors of one type and number of elements, bit for bit; zeros of either sign are equal. */
    public void compare(String name, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), name);
        assertEquals(expected.elements(), actual.elements(), name);
        cases++;
        ByteBuffer e = expected.bytes();
        ByteBuffer a = actual.bytes();
        long before = differing;
        for (int i = 0; i < expected.elements(); i++) {
            switch (expected.dtype()) {
                case F32 -> compare(name, i, e.getFloat(4 * i), a.getFloat(4 * i));
                case S32 -> compare(name, i, e.getInt(4 * i), a.getInt(4 * i));
                case U8 -> compare(name, i, e.get(i) & 0xff, a.get(i) & 0xff);
                case S8 -> compare(name, i, e.get(i), a.get(i));
            }
        }
        wrongCases += differing > before ? 1 : 0;
    }

    /** Compares one number, bit for bit; zeros of either sign, and any two NaN, are equal. */
    public void compare(String name, float expected, float actual) {
        compare(name, 0, expected, actual);
    }

    /** Compares one integer. */
    public void compare(String name, int expected, int actual) {
        compare(name, 0, expected, actual);
    }

    private void compare(String name, int index, float expected, float actual) {
        boolean same = expected == actual || Float.isNaN(expected) && Float.isNaN(actual);
        count(name, index, same, expected, actual);
    }

    private void compare(String name, int index, int expected, int actual) {
        count(name, index, expected == actual, expected, actual);
    }

    private void count(String name, int index, boolean same, Number expected, Number actual) {
        compared++;
        if (!same) {
            differing++;
            if (differences.size() < SHOWN) {
                differences.add(name + " [" + index + "]: PyTorch " + expected + ", here " + actual);
            }
        }
    }

    /** Fails if anything differed, or if nothing was compared. */
    public void check() {
        String sum = label + ": " + compared + " elements compared, " + differing + " differ";
        System.out.println(sum);
        assertTrue(compared > 0, sum);
        assertEquals(
                0,
                differing,
                () -> sum + " (" + wrongCases + " of " + cases + " tensors)\n" + String.join("\n", differences));
    }
}
