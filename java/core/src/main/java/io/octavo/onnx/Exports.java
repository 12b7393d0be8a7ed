package io.octavo.onnx;

import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Training;

/** What each operator is written as: a row an operator, gathered from one class a family. */
final class Exports {
    static final OpTable<ExportNode, ExportNode> TABLE = table();

    private Exports() {}

    private static OpTable<ExportNode, ExportNode> table() {
        OpTable.Builder<ExportNode, ExportNode> table = OpTable.of("ONNX export");
        ProductExports.addTo(table);
        PoolExports.addTo(table);
        PointwiseExports.addTo(table);
        ReductionExports.addTo(table);
        NormalizationExports.addTo(table);
        MovementExports.addTo(table);
        ShapeExports.addTo(table);
        QuantizationExports.addTo(table);
        table.row(Op.Dropout.class, (node, op) -> node.out("Identity", node.in(0)));
        table.row(Training.class, (node, op) -> {
            throw node.unsupported("a step of training");
        });
        return table.build();
    }
}
