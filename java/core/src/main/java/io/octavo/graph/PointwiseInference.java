package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.graph.Pointwise.Unary.Function;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import java.util.Set;

/** What {@link Pointwise} operators give. */
final class PointwiseInference {
    private static final Set<Function> OF_INTEGERS = Set.of(Function.ABS, Function.NEG, Function.SIGN);
    private static final Set<Pointwise.Binary.Function> OF_TRUTH =
            Set.of(Pointwise.Binary.Function.AND, Pointwise.Binary.Function.OR, Pointwise.Binary.Function.XOR);

    static final OpTable<Inference, Spec> TABLE = OpTable.<Inference, Spec>of("shape inference", Pointwise.class)
            .row(Pointwise.Unary.class, PointwiseInference::unary)
            .row(Pointwise.Binary.class, PointwiseInference::binary)
            .row(Pointwise.Compare.class, PointwiseInference::compare)
            .row(Pointwise.Where.class, (node, op) -> where(node))
            .row(Pointwise.Cast.class, PointwiseInference::cast)
            .build();

    private PointwiseInference() {}

    static Spec output(Inference node, Pointwise op) {
        return TABLE.apply(node, op);
    }

    private static Spec unary(Inference node, Pointwise.Unary op) {
        Value x = node.only();
        switch (op.function()) {
            case NOT -> {
                requireType(node, x, DType.BOOL);
                return node.same(x, x.shape());
            }
            case IS_NAN, IS_INF -> {
                node.requireFloat(x);
                node.noParameters();
                return new Spec(DType.BOOL, x.shape(), null);
            }
            default -> {
                if (x.isQuantized()) {
                    node.activationCodes(x);
                    return node.quantized(x.shape());
                }
                if (!x.dtype().isInteger() || !OF_INTEGERS.contains(op.function())) {
                    node.requireFloat(x);
                }
                return node.same(x, x.shape());
            }
        }
    }

    private static Spec binary(Inference node, Pointwise.Binary op) {
        node.arity(2, 2);
        Value a = node.required(0, "a");
        Value b = node.required(1, "b");
        Shape shape = node.broadcast(a.shape(), b.shape());
        if (a.isQuantized() && b.isQuantized()) {
            node.activationCodes(a);
            node.activationCodes(b);
            return node.quantized(shape);
        }
        requireType(node, b, a.dtype());
        if (OF_TRUTH.contains(op.function())) {
            requireType(node, a, DType.BOOL);
        } else if (a.dtype() == DType.BOOL) {
            throw node.mismatch(a, "numbers");
        }
        requireNumbers(node, a);
        requireNumbers(node, b);
        node.noParameters();
        return new Spec(a.dtype(), shape, null);
    }

    private static Spec compare(Inference node, Pointwise.Compare op) {
        node.arity(2, 2);
        Value a = node.required(0, "a");
        Value b = node.required(1, "b");
        requireType(node, b, a.dtype());
        if (a.dtype() == DType.BOOL && op.relation() != Pointwise.Compare.Relation.EQUAL) {
            throw node.mismatch(a, "numbers");
        }
        requireNumbers(node, a);
        requireNumbers(node, b);
        node.noParameters();
        return new Spec(DType.BOOL, node.broadcast(a.shape(), b.shape()), null);
    }

    private static Spec where(Inference node) {
        node.arity(3, 3);
        Value condition = node.required(0, "condition");
        Value a = node.required(1, "a");
        Value b = node.required(2, "b");
        requireType(node, condition, DType.BOOL);
        requireType(node, b, a.dtype());
        requireNumbers(node, a);
        requireNumbers(node, b);
        node.noParameters();
        return new Spec(a.dtype(), node.broadcast(condition.shape(), node.broadcast(a.shape(), b.shape())), null);
    }

    private static Spec cast(Inference node, Pointwise.Cast op) {
        Value x = node.only();
        requireNumbers(node, x);
        node.noParameters();
        return new Spec(op.to(), x.shape(), null);
    }

    private static void requireType(Inference node, Value value, DType dtype) {
        if (value.dtype() != dtype) {
            throw node.mismatch(value, dtype.toString());
        }
    }

    private static void requireNumbers(Inference node, Value value) {
        if (value.isQuantized()) {
            throw node.mismatch(value, "numbers that are not quantized");
        }
    }
}
