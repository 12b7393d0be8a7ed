package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * What one stage does with each operator: a row an operator, found by its class, so that an operator that a stage forgot is
 * refused and never taken for another. For the library's own packages.
 *
 * @param <C> what a row needs besides the operator
 * @param <R> what a row gives
 */
public final class OpTable<C, R> {
    private final String stage;
    private final Class<? extends Op> family;
    private final Map<Class<?>, BiFunction<C, Op, R>> rows;

    private OpTable(String stage, Class<? extends Op> family, Map<Class<?>, BiFunction<C, Op, R>> rows) {
        this.stage = stage;
        this.family = family;
        this.rows = Map.copyOf(rows);
    }

    /** Starts a table of all operators; the name of the stage is for messages. */
    public static <C, R> Builder<C, R> of(String stage) {
        return of(stage, Op.class);
    }

    /** Starts a table of one family, for a stage that meets no other operators. */
    public static <C, R> Builder<C, R> of(String stage, Class<? extends Op> family) {
        return new Builder<>(stage, family);
    }

    /**
     * What the operator's row gives.
     *
     * @throws UnsupportedException if the operator has none
     */
    public R apply(C context, Op op) {
        BiFunction<C, Op, R> row = rows.get(op.getClass());
        if (row == null) {
            throw new UnsupportedException("Operator " + op.type() + " has no row in the table of " + stage);
        }
        return row.apply(context, op);
    }

    /** The operators, of the family that the table is for, without a row. */
    public Set<Class<?>> missing() {
        Set<Class<?>> missing = records(family);
        missing.removeAll(rows.keySet());
        return missing;
    }

    /** All records of a sealed interface. */
    private static Set<Class<?>> records(Class<?> type) {
        Set<Class<?>> found = new LinkedHashSet<>();
        if (type.isRecord()) {
            found.add(type);
        } else {
            for (Class<?> part : type.getPermittedSubclasses()) {
                found.addAll(records(part));
            }
        }
        return found;
    }

    /** A table in the making. */
    public static final class Builder<C, R> {
        private final String stage;
        private final Class<? extends Op> family;
        private final Map<Class<?>, BiFunction<C, Op, R>> rows = new LinkedHashMap<>();

        private Builder(String stage, Class<? extends Op> family) {
            this.stage = stage;
            this.family = family;
        }

        /**
         * A row for one operator, or for each of a family.
         *
         * @throws InvalidValueException if an operator has one already
         */
        public <T extends Op> Builder<C, R> row(Class<T> type, BiFunction<C, T, R> rule) {
            for (Class<?> each : records(type)) {
                if (rows.put(each, (context, op) -> rule.apply(context, type.cast(op))) != null) {
                    throw new InvalidValueException(
                            "Operator " + each.getSimpleName() + " has two rows in the table of " + stage);
                }
            }
            return this;
        }

        /** The table as it is now. */
        public OpTable<C, R> build() {
            return new OpTable<>(stage, family, rows);
        }
    }
}
