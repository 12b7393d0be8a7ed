package io.octavo.scheme;

import io.octavo.InvalidValueException;
import java.util.Arrays;

/**
 * Table decoding: {@code real = scales[set] * tables[set][code]}, the product rounded once to float32. This is what
 * integer kernels run: the table's entries are 8-bit integers, so a code becomes an ordinary int8 weight by one
 * look-up.
 *
 * @param bits width of a code, 2 to 8
 * @param scales one a parameter set, finite and greater than 0
 * @param tables for each parameter set the entries in ascending order; every table has the same length, at most
 *     {@code 2^bits}
 * @param levels for each parameter set the real levels as fitted, before they were rounded to multiples of the scale:
 *     what the rounding cost is measured against them
 */
public record TableParams(int bits, float[] scales, byte[][] tables, float[][] levels, Granularity granularity)
        implements QuantParams {

    /** Checks and copies. Throws {@link InvalidValueException} naming what is out of range. */
    public TableParams {
        Bits.check(bits);
        int count = scales.length;
        if (count == 0 || tables.length != count || levels.length != count) {
            throw new InvalidValueException(count + " scales, " + tables.length + " tables, " + levels.length
                    + " lists of levels: must be as many, and at least one");
        }
        if (granularity.isPerTensor() && count != 1) {
            throw new InvalidValueException(count + " parameter sets for a whole tensor: must be 1");
        }
        int size = tables[0].length;
        if (size < 1 || size > 1 << bits) {
            throw new InvalidValueException(
                    "a table of " + size + " entries for codes of " + bits + " bits: must have 1 to " + (1 << bits));
        }
        scales = scales.clone();
        tables = tables.clone();
        levels = levels.clone();
        for (int i = 0; i < count; i++) {
            if (!(scales[i] > 0) || Float.isInfinite(scales[i])) {
                throw new InvalidValueException(
                        "scale " + scales[i] + " of parameter set " + i + ": must be finite and greater than 0");
            }
            tables[i] = tables[i].clone();
            levels[i] = levels[i].clone();
            if (tables[i].length != size || levels[i].length != size) {
                throw new InvalidValueException("table of " + tables[i].length + " entries and " + levels[i].length
                        + " levels in parameter set " + i + ": each must have " + size + " like the first");
            }
            for (int j = 0; j < size; j++) {
                if (!Float.isFinite(levels[i][j])) {
                    throw new InvalidValueException(
                            "level " + levels[i][j] + " of parameter set " + i + ": must be finite");
                }
                if (j > 0 && tables[i][j] < tables[i][j - 1]) {
                    throw new InvalidValueException("table of parameter set " + i + ": entries must ascend");
                }
            }
        }
    }

    @Override
    public int count() {
        return scales.length;
    }

    /** Entries of a table. */
    public int tableSize() {
        return tables[0].length;
    }

    /** A copy of the scales. */
    @Override
    public float[] scales() {
        return scales.clone();
    }

    /** A copy of the tables. */
    @Override
    public byte[][] tables() {
        return Arrays.stream(tables).map(byte[]::clone).toArray(byte[][]::new);
    }

    /** A copy of the levels. */
    @Override
    public float[][] levels() {
        return Arrays.stream(levels).map(float[]::clone).toArray(float[][]::new);
    }

    @Override
    public float scale(int set) {
        return scales[set];
    }

    /** A copy of one parameter set's table. */
    public byte[] table(int set) {
        return tables[set].clone();
    }

    /** The real numbers that the codes of a parameter set decode to, ascending: {@code scale * entry}. */
    public float[] decodedLevels(int set) {
        float[] real = new float[tables[set].length];
        for (int j = 0; j < real.length; j++) {
            real[j] = scales[set] * tables[set][j];
        }
        return real;
    }

    /** A copy of one parameter set's levels before rounding. */
    public float[] fittedLevels(int set) {
        return levels[set].clone();
    }

    /** Whether all parameter sets have the same table and differ in scale alone. */
    public boolean isTableShared() {
        for (byte[] table : tables) {
            if (!Arrays.equals(table, tables[0])) {
                return false;
            }
        }
        return true;
    }

    /** 32 bits a scale and 8 bits a table entry; a table that all parameter sets share is counted once. */
    @Override
    public long storageBits() {
        return 32L * count() + 8L * tableSize() * (isTableShared() ? 1 : count());
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof TableParams p
                && bits == p.bits
                && Arrays.equals(scales, p.scales)
                && Arrays.deepEquals(tables, p.tables)
                && Arrays.deepEquals(levels, p.levels)
                && granularity.equals(p.granularity);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(scales) + Arrays.deepHashCode(tables);
    }

    @Override
    public String toString() {
        return "table " + bits + " bits, " + tableSize() + " entries, per " + granularity + ", " + count()
                + (count() == 1 ? " parameter set" : " parameter sets");
    }
}
