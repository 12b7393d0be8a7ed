package io.octavo.conformance;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far results may be from those expected. A float may differ by {@code relative * |expected| + absolute + ofLargest * largest
 * |expected|} of its tensor, an integer by so many steps.
 */
record Tolerance(double relative, double absolute, double ofLargest, int steps) {
    /** That of ONNX's own runner; its relative one would let integers differ as well, here they may not. */
    static final Tolerance ONNX = new Tolerance(1e-3, 1e-7, 0, 0);

    private static final Pattern FLOATS = Pattern.compile("rtol (\\S+) atol (\\S+)\\*max");

    /** What a list of cases says: steps of integers, or {@code rtol R atol A*max}. */
    static Tolerance of(String text) {
        Matcher floats = FLOATS.matcher(text);
        return floats.matches()
                ? new Tolerance(Double.parseDouble(floats.group(1)), 0, Double.parseDouble(floats.group(2)), 0)
                : new Tolerance(ONNX.relative, ONNX.absolute, 0, Integer.parseInt(text));
    }

    Tolerance withRelative(double other) {
        return new Tolerance(other, absolute, ofLargest, steps);
    }
}
