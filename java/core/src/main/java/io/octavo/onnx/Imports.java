package io.octavo.onnx;

import io.octavo.internal.onnx.NodeDef;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What becomes of each operator of the format: a row a name, gathered from one class a family. */
final class Imports {
    /** A table in the making: rows by domain and name. */
    static final class Table {
        private final Map<String, Consumer<ImportNode>> rows = new HashMap<>();

        void row(String operator, Consumer<ImportNode> rule) {
            if (rows.put(operator, rule) != null) {
                throw new IllegalStateException(operator + " has two rows");
            }
        }

        void rows(Consumer<ImportNode> rule, String... operators) {
            for (String operator : operators) {
                row(operator, rule);
            }
        }
    }

    /** The first opset whose form of an operator is taken, where an older one says something else. */
    private static final Map<String, Long> SINCE =
            Map.of("Cast", 6L, "GlobalLpPool", 2L, "LpPool", 2L, "Pad", 2L, "Tile", 6L, "Upsample", 7L);

    private static final Map<String, Consumer<ImportNode>> ROWS = rows();

    /** What a user can do about operators that are not supported. */
    private static final Map<String, String> INSTEAD = Map.of(
            "Loop", ": export the model with a fixed number of steps",
            "Scan", ": export the model with a fixed number of steps",
            "NonMaxSuppression",
                    ": read the model up to what it reads (ReadOptions.outputs), and select boxes outside");

    private Imports() {}

    private static Map<String, Consumer<ImportNode>> rows() {
        Table table = new Table();
        ProductImports.addTo(table);
        AttentionImports.addTo(table);
        EinsumImports.addTo(table);
        PoolImports.addTo(table);
        RecurrentImports.addTo(table);
        PointwiseImports.addTo(table);
        ReductionImports.addTo(table);
        NormalizationImports.addTo(table);
        MovementImports.addTo(table);
        ScatterImports.addTo(table);
        ShapeImports.addTo(table);
        QuantizationImports.addTo(table);
        IntegerImports.addTo(table);
        MicrosoftImports.addTo(table);
        return Map.copyOf(table.rows);
    }

    private static String key(NodeDef node) {
        return node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
    }

    static boolean has(NodeDef node, long opset) {
        return ROWS.containsKey(key(node)) && opset >= SINCE.getOrDefault(key(node), 1L);
    }

    /** The names with a row, those of other domains with their domain in front. */
    static Set<String> operators() {
        return ROWS.keySet();
    }

    static void add(ImportNode node) {
        ROWS.get(key(node.def())).accept(node);
    }

    static String instead(String operator) {
        return INSTEAD.getOrDefault(operator, "");
    }
}
