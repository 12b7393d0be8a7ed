package io.octavo.onnx;

import io.octavo.graph.Op;
import io.octavo.scheme.QuantParams;

/** A node that is not added yet, as it depends on the reader whether its result is the file's output or an inner value. */
record Made(Op op, QuantParams params, String... inputs) {
    /** Whose results have no parameters, or those of what it reads. */
    Made(Op op, String... inputs) {
        this(op, null, inputs);
    }

    /** Adds it, and gives the name of its result. */
    String add(ImportNode node) {
        return node.add(op, params, inputs);
    }

    /** Adds it as what makes the first output of the file's node. */
    void out(ImportNode node) {
        node.out(op, params, inputs);
    }
}
