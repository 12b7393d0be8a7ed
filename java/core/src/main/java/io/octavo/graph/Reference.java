package io.octavo.graph;

import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Inference.Spec;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What a node gives for constant inputs, by plain loops: the definition of the operators, which constant folding uses and native ones
 * are tested against. F32 is computed in double and rounded once, integers are exact and wrap. Convolutions, linear layers, pools and
 * what makes or takes codes are not computed here.
 */
final class Reference {
    private static final String NOT_HERE = "is not computed on constants";
    private static final Set<Class<? extends Op>> ELSEWHERE = Set.of(
            Op.Conv2d.class,
            Op.ConvTranspose.class,
            Op.Linear.class,
            Op.MaxPool2d.class,
            Op.AvgPool2d.class,
            Op.AdaptiveAvgPool2d.class,
            Op.Quantize.class,
            Op.Dequantize.class,
            Op.Requantize.class);

    /** A row an operator: its outputs in order. */
    static final OpTable<Reference, List<Tensor>> TABLE = table();

    private static OpTable<Reference, List<Tensor>> table() {
        OpTable.Builder<Reference, List<Tensor>> table = OpTable.<Reference, List<Tensor>>of("the reference")
                .row(Op.MatMul.class, (node, op) -> List.of(node.matMul()))
                .row(Op.BatchNorm.class, (node, op) -> List.of(NormalizationReference.batchNorm(node, op)))
                .row(Op.Clamp.class, (node, op) -> List.of(PointwiseReference.clamp(node, op.activation())))
                .row(Op.Flatten.class, (node, op) -> List.of(MovementReference.unmoved(node)))
                .row(Op.Dropout.class, (node, op) -> List.of(MovementReference.unmoved(node)))
                .row(Op.Add.class, (node, op) -> List.of(PointwiseReference.add(node, op.activation())))
                .row(
                        Op.Softmax.class,
                        (node, op) -> List.of(
                                ReductionReference.softmax(node, node.shape(0).rank() - 1, false)))
                .row(Pointwise.class, (node, op) -> List.of(PointwiseReference.output(node, op)))
                .row(Reduction.class, ReductionReference::outputs)
                .row(Normalization.class, NormalizationReference::outputs)
                .row(Movement.class, MovementReference::outputs)
                .row(Shapes.class, (node, op) -> List.of(ShapesReference.output(node, op)))
                .row(Training.class, (node, op) -> node.refuse());
        ELSEWHERE.forEach(op -> table.row(op, (node, here) -> node.refuse()));
        return table.build();
    }

    private final Node node;
    private final List<Value> inputs; // null: absent
    private final List<Spec> specs;

    private Reference(Node node, List<Value> inputs, List<Spec> specs) {
        this.node = node;
        this.inputs = inputs;
        this.specs = specs;
    }

    /** Whether an operator is computed here. */
    static boolean computes(Op op) {
        return !ELSEWHERE.contains(op.getClass()) && !(op instanceof Training);
    }

    /**
     * Computes a node.
     *
     * @param inputs constants, null where absent; of operators that ask for shapes alone values of known shapes
     * @param specs the node's outputs as inferred from these
     * @return one tensor an output that the node names
     * @throws UnsupportedException if the operator is none of those computed here, or an operand has codes that it would have to
     *     convert
     * @throws io.octavo.InvalidValueException if an index points outside of what it picks from
     */
    static List<Tensor> evaluate(Node node, List<Value> inputs, List<Spec> specs) {
        List<Tensor> all = TABLE.apply(new Reference(node, inputs, specs), node.op());
        List<Tensor> wanted = new ArrayList<>();
        for (int i = 0; i < specs.size(); i++) {
            Tensor found = all.get(i);
            if (found.dtype() != specs.get(i).dtype()
                    || !found.shape().equals(specs.get(i).shape())) {
                throw new ShapeMismatchException("Node '" + node.name() + "' ("
                        + node.op().type() + "): output " + i + " is " + found + ", inferred was "
                        + specs.get(i).dtype() + " " + specs.get(i).shape());
            }
            wanted.add(found);
        }
        return wanted;
    }

    // ---- What rows ask

    Node node() {
        return node;
    }

    int inputCount() {
        return inputs.size();
    }

    boolean has(int index) {
        return index < inputs.size() && inputs.get(index) != null;
    }

    Value value(int index) {
        return inputs.get(index);
    }

    Tensor data(int index) {
        return inputs.get(index).data();
    }

    Shape shape(int index) {
        return inputs.get(index).shape();
    }

    DType dtype(int index) {
        return inputs.get(index).dtype();
    }

    /** The elements of an input of numbers. */
    Elements elements(int index) {
        if (inputs.get(index).isQuantized()) {
            throw new UnsupportedException(where() + " on codes, " + inputs.get(index) + ", " + NOT_HERE);
        }
        return Elements.of(data(index));
    }

    /** The elements of an input, codes as they are. */
    Elements codes(int index) {
        return Elements.of(data(index));
    }

    /** Refuses codes of an input that are not those of the result. */
    void requireKept(int index) {
        if (!Objects.equals(inputs.get(index).quantization(), specs.get(0).quantization())) {
            throw new UnsupportedException(where() + " of codes, " + inputs.get(index) + ", to others " + NOT_HERE);
        }
    }

    /** The whole numbers of an input of S64 or S32; null if it is absent. */
    long[] numbers(int index) {
        if (!has(index)) {
            return null;
        }
        Elements elements = Elements.of(data(index));
        long[] numbers = new long[elements.count()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = elements.whole(i);
        }
        return numbers;
    }

    /** The code of the real number 0, or 0. */
    int zero(int index) {
        return inputs.get(index).quantization() instanceof AffineParams affine ? affine.zeroPoint() : 0;
    }

    /** The shape of an output. */
    Shape result(int index) {
        return specs.get(index).shape();
    }

    /** How many outputs the node names. */
    int resultCount() {
        return specs.size();
    }

    /** Zeros for an output. */
    Elements zeros(int index) {
        return new Elements(specs.get(index).dtype(), specs.get(index).shape());
    }

    String where() {
        return "Node '" + node.name() + "' (" + node.op().type() + ")";
    }

    private List<Tensor> refuse() {
        throw new UnsupportedException(where() + " " + NOT_HERE);
    }

    private Tensor matMul() {
        Elements a = elements(0);
        Elements b = elements(1);
        Elements y = zeros(0);
        int last = a.shape().rank() - 1;
        int depth = (int) a.shape().dim(last);
        int columns = (int) b.shape().dim(b.shape().rank() - 1);
        Shape rows = a.shape().with(last, Dim.of(1));
        Shape matrices =
                b.shape().with(b.shape().rank() - 1, Dim.of(1)).with(b.shape().rank() - 2, Dim.of(1));
        Places.forEach(y.shape(), (i, at) -> {
            int inA = Places.broadcast(at, rows) * depth;
            int inB = Places.broadcast(at, matrices) * depth * columns + at[at.length - 1];
            if (a.dtype() == DType.S32) {
                int whole = 0;
                for (int k = 0; k < depth; k++) {
                    whole += (int) a.whole(inA + k) * (int) b.whole(inB + k * columns);
                }
                y.set(i, (long) whole);
                return;
            }
            double sum = 0;
            for (int k = 0; k < depth; k++) {
                sum += a.real(inA + k) * b.real(inB + k * columns);
            }
            y.set(i, sum);
        });
        return y.tensor();
    }
}
