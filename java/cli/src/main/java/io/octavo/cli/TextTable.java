package io.octavo.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A table of text: columns as wide as they must be, numbers to the right. */
final class TextTable {
    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /** Headers of the columns; those that begin with {@code >} are of numbers. */
    TextTable(String... headers) {
        right = new boolean[headers.length];
        String[] names = headers.clone();
        for (int i = 0; i < names.length; i++) {
            right[i] = names[i].startsWith(">");
            names[i] = right[i] ? names[i].substring(1) : names[i];
        }
        rows.add(names);
    }

    /** Adds a row, a cell a column. */
    TextTable row(Object... cells) {
        rows.add(Arrays.stream(cells).map(String::valueOf).toArray(String[]::new));
        return this;
    }

    void print(PrintWriter out) {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        boolean headed = Arrays.stream(rows.get(0)).anyMatch(name -> !name.isEmpty());
        for (String[] row : headed ? rows : rows.subList(1, rows.size())) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? "" : "  ").append(right[i] ? padding + row[i] : row[i] + padding);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** A number with so many digits behind the point. */
    static String number(double value, int digits) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "-" : value < 0 ? "-∞" : "∞";
        }
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A time in microseconds or, from a thousand on, milliseconds. */
    static String time(double nanos) {
        return nanos < 1e6 ? number(nanos / 1e3, 1) + " µs" : number(nanos / 1e6, 2) + " ms";
    }
}
