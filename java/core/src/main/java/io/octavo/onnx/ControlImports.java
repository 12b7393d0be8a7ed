package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;

/** A choice that is made before a run: exporters write one for what depends on a shape. */
final class ControlImports {
    private ControlImports() {}

    static void addTo(Imports.Table table) {
        table.row("If", ControlImports::choose);
    }

    private static void choose(ImportNode node) {
        Tensor condition = node.constant(0);
        if (condition.dtype() != DType.BOOL || condition.elements() != 1) {
            throw new InvalidValueException("the condition is " + condition + ", expected one truth value");
        }
        String which = condition.toBooleanArray()[0] ? "then_branch" : "else_branch";
        if (!(node.def().attributes().get(which) instanceof Attribute.OfGraph given)) {
            throw new InvalidValueException("attribute \"" + which + "\" is missing");
        }
        GraphDef branch = Parts.prefixed(given.value(), node.name() + "/");
        if (branch.outputs().size() != node.def().outputs().size()) {
            throw new InvalidValueException(which + " has " + branch.outputs().size() + " outputs, expected "
                    + node.def().outputs().size());
        }
        node.importer().inline(branch);
        for (int i = 0; i < branch.outputs().size(); i++) {
            String output = node.def().outputs().get(i);
            if (!output.isEmpty()) {
                node.importer().alias(output, branch.outputs().get(i).name());
            }
        }
    }
}
