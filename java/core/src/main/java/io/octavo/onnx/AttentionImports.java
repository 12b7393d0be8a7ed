package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Compare;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Scaled dot-product attention as its parts: products of queries and keys, a bias of 0 and minus infinity that says who may see whom,
 * softmax, the product with the values. A row that sees nothing gives 0.
 */
final class AttentionImports {
    private static final int MASK = 3;
    private static final int PAST_KEY = 4;
    private static final int PAST_VALUE = 5;
    private static final int VALID = 6; // how many keys of each sample there are

    private final ImportNode node;
    private final boolean flat; // [N, L, heads·size] instead of [N, heads, L, size]
    private String q;
    private String k;
    private String v;

    private AttentionImports(ImportNode node) {
        this.node = node;
        this.flat = node.rank(0) == 3;
    }

    static void addTo(Imports.Table table) {
        table.row("Attention", node -> new AttentionImports(node).build());
    }

    private void build() {
        if (node.importer().isHalf(node.required(0))) {
            // Its softmax rounds what it is of at each step; numbers of 32 bits come too far from that.
            throw node.unsupported("Attention in F16 or BF16 (that in F32 is)");
        }
        q = heads(0, "q_num_heads");
        k = heads(1, "kv_num_heads");
        v = heads(2, "kv_num_heads");
        if (node.has(PAST_KEY) != node.has(PAST_VALUE)) {
            throw new InvalidValueException("past keys and past values belong together");
        }
        if (node.has(PAST_KEY)) {
            k = node.add(new Movement.Concat(2), node.in(PAST_KEY), k);
            v = node.add(new Movement.Concat(2), node.in(PAST_VALUE), v);
        }
        output(1, k);
        output(2, v);
        long groups = groups();
        float scale = node.getFloat("scale", (float) (1 / Math.sqrt(size(q, 3))));
        String scaled = node.add(new Binary(Binary.Function.MUL), q, node.scalar("scale", DType.F32, scale));
        String keys = node.add(new Movement.Transpose(List.of(0, 1, 3, 2)), k);
        String raw = grouped(groups, scaled, keys).add(node);
        float cap = node.getFloat("softcap", 0);
        String scores = cap == 0 ? raw : capped(raw, cap);
        String bias = bias();
        String biased = bias == null ? scores : node.add(new Binary(Binary.Function.ADD), scores, bias);
        String weights = node.add(new Op.Softmax(), biased);
        if (bias != null && (node.has(MASK) || node.has(VALID) || isWindowed())) {
            weights = withoutBlindRows(weights, bias);
        }
        output(
                3,
                switch ((int) node.getInt("qk_matmul_output_mode", 0)) {
                    case 0 -> raw;
                    case 1 -> scores;
                    case 2 -> biased;
                    default -> weights;
                });
        Made result = grouped(groups, weights, v);
        if (flat) {
            String lines = node.add(new Movement.Transpose(List.of(0, 2, 1, 3)), result.add(node));
            result = new Made(new Movement.Reshape(List.of(part(0, 1), part(1, 2), part(2, 4))), lines);
        }
        result.out(node);
    }

    private void output(int index, String value) {
        if (node.def().hasOutput(index)) {
            node.importer().define(node.def().outputs().get(index), value);
        }
    }

    private static Movement.Reshape.Part part(int from, int to) {
        return new Movement.Reshape.Product(from, to);
    }

    private static Movement.Reshape.Part number(long number) {
        return new Movement.Reshape.Number(number);
    }

    private long size(String value, int axis) {
        Value found = node.value(value);
        if (found.shape().dim(axis) == Shape.N) {
            throw node.unsupported("Attention of " + found + ", whose dimension " + axis + " is not known,");
        }
        return found.shape().dim(axis);
    }

    /** An input as {@code [N, heads, L, size]}. */
    private String heads(int index, String attribute) {
        if (node.rank(index) != node.rank(0) || !flat && node.rank(0) != 4) {
            throw new InvalidValueException("input " + index + " is " + node.value(index)
                    + ", expected 3 or 4 dimensions, as many of all three");
        }
        if (!flat) {
            return node.in(index);
        }
        long heads = node.requiredInt(attribute);
        long width = size(node.in(index), 2);
        if (heads < 1 || width % heads != 0) {
            throw new InvalidValueException(heads + " heads of " + node.value(index));
        }
        String split =
                node.reshape(node.in(index), List.of(part(0, 1), part(1, 2), number(heads), number(width / heads)));
        return node.add(new Movement.Transpose(List.of(0, 2, 1, 3)), split);
    }

    /** Heads of queries for each head of keys. */
    private long groups() {
        long queries = size(q, 1);
        long heads = size(k, 1);
        if (queries % heads != 0 || size(v, 1) != heads) {
            throw new InvalidValueException(
                    queries + " heads of queries, " + heads + " of keys and " + size(v, 1) + " of values");
        }
        return queries / heads;
    }

    /** A product of the heads of a with those of b, each of which serves some of a's, one after the other. */
    private Made grouped(long groups, String a, String b) {
        if (groups == 1) {
            return new Made(new Op.MatMul(), a, b);
        }
        long heads = size(b, 1);
        String many = node.reshape(a, List.of(part(0, 1), number(heads), number(groups), part(2, 3), part(3, 4)));
        String one = node.reshape(b, List.of(part(0, 1), part(1, 2), number(1), part(2, 3), part(3, 4)));
        String product = node.add(new Op.MatMul(), many, one);
        return new Made(new Movement.Reshape(List.of(part(0, 1), part(1, 3), part(3, 4), part(4, 5))), product);
    }

    private String capped(String scores, float cap) {
        String by = node.scalar("softcap", DType.F32, cap);
        String part = node.add(new Binary(Binary.Function.DIV), scores, by);
        String bent = node.add(new Pointwise.Unary(Pointwise.Unary.Function.TANH), part);
        return node.add(new Binary(Binary.Function.MUL), bent, by);
    }

    private boolean isWindowed() {
        return node.getInt("left_window_size", -1) >= 0 || node.getInt("right_window_size", -1) >= 0;
    }

    /** What is added to the scores; null: nothing. */
    private String bias() {
        String given = node.has(MASK) ? mask() : null;
        String allowed = allowed();
        if (allowed == null) {
            return given;
        }
        String rule = barrier(allowed);
        return given == null ? rule : node.add(new Binary(Binary.Function.ADD), given, rule);
    }

    /** 0 where a condition holds, elsewhere minus infinity. */
    private String barrier(String condition) {
        return node.add(
                new Pointwise.Where(),
                condition,
                node.scalar("seen", DType.F32, 0),
                node.scalar("unseen", DType.F32, Double.NEGATIVE_INFINITY));
    }

    /** The mask as numbers, for all keys: those behind its last are not seen. */
    private String mask() {
        Value mask = node.value(MASK);
        String bias = mask.dtype() == DType.BOOL ? barrier(mask.name()) : mask.name();
        int last = mask.shape().rank() - 1;
        long given = mask.shape().dim(last);
        long keys = node.value(k).shape().dim(2);
        if (given == Shape.N || keys == Shape.N || given >= keys) {
            return bias;
        }
        long[] pads = new long[2 * last + 2];
        pads[2 * last + 1] = keys - given;
        return node.add(
                new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                bias,
                node.longs("behind", pads),
                node.scalar("nothing", DType.F32, Double.NEGATIVE_INFINITY));
    }

    /** Which keys a query may see by their places alone; null: all. */
    private String allowed() {
        List<String> conditions = new ArrayList<>();
        String key = places(k);
        if (node.flag("is_causal") || isWindowed()) {
            // A query's place among the keys: behind those of the past, or the last ones of those that there are.
            String column = node.reshape(places(q), List.of(part(0, 1), number(1)));
            String query = column;
            if (node.has(PAST_KEY)) {
                String past = node.add(new Shapes.ShapeOf(2, 3), node.in(PAST_KEY));
                query = node.add(new Binary(Binary.Function.ADD), column, past);
            } else if (node.has(VALID)) {
                String first = node.add(new Binary(Binary.Function.SUB), valid(), length(q));
                query = node.add(new Binary(Binary.Function.ADD), column, first);
            }
            String ahead = node.add(new Binary(Binary.Function.SUB), key, query);
            long left = node.getInt("left_window_size", -1);
            long right = node.getInt("right_window_size", -1);
            if (node.flag("is_causal")) {
                conditions.add(compare(Compare.Relation.LESS_OR_EQUAL, ahead, 0));
            }
            if (left >= 0) {
                conditions.add(compare(Compare.Relation.GREATER_OR_EQUAL, ahead, -left));
            }
            if (right >= 0) {
                conditions.add(compare(Compare.Relation.LESS_OR_EQUAL, ahead, right));
            }
        }
        if (node.has(VALID)) {
            conditions.add(node.add(new Compare(Compare.Relation.LESS), key, valid()));
        }
        return conditions.stream()
                .reduce((a, b) -> node.add(new Binary(Binary.Function.AND), a, b))
                .orElse(null);
    }

    private String compare(Compare.Relation relation, String ahead, long bound) {
        return node.add(new Compare(relation), ahead, node.scalar("bound", DType.S64, bound));
    }

    /** {@code [N, 1, 1, 1]}. */
    private String valid() {
        return node.reshape(node.in(VALID), List.of(part(0, 1), number(1), number(1), number(1)));
    }

    /** How many rows each head of a value has, S64 [1]. */
    private String length(String value) {
        return node.add(new Shapes.ShapeOf(2, 3), value);
    }

    /** {@code 0, 1, ..} for the rows of each head of a value. */
    private String places(String value) {
        String count = node.reshape(length(value), List.of());
        return node.add(
                new Shapes.Range(), node.scalar("from", DType.S64, 0), count, node.scalar("step", DType.S64, 1));
    }

    /** 0 in the rows whose bias lets nothing through. */
    private String withoutBlindRows(String weights, String bias) {
        int last = node.value(bias).shape().rank() - 1;
        String most = node.add(new Reduction.Reduce(Reduction.Reduce.Kind.MAX, List.of(last), true), bias);
        String blind = node.add(
                new Compare(Compare.Relation.EQUAL), most, node.scalar("blind", DType.F32, Double.NEGATIVE_INFINITY));
        return node.add(new Pointwise.Where(), blind, node.scalar("none", DType.F32, 0), weights);
    }
}
