package io.octavo.runtime;

import java.util.List;
import java.util.Locale;

/**
 * How a session runs its graph.
 *
 * @param graph name of the graph
 * @param isa instruction set that the kernels are chosen for
 * @param steps in running order
 */
public record Explanation(String graph, String isa, List<Step> steps) {
    /** Copies the list. */
    public Explanation {
        steps = List.copyOf(steps);
    }

    /**
     * One step.
     *
     * @param name node of the graph
     * @param kernel what runs it; "view" where nothing has to be done
     * @param reason why this way and not another, first what the graph notes about the node; "" if there was no choice
     * @param fused names of other nodes that this step also does; "" if none
     * @param weightBytes packed weights, tables, scales and biases
     * @param macs multiply-adds a sample
     * @param nanoseconds median time of the last runs; -1 unless the session profiles
     */
    public record Step(
            String name, String kernel, String reason, String fused, long weightBytes, long macs, long nanoseconds) {}

    /** A table, one step a line. */
    @Override
    public String toString() {
        String[][] rows = new String[steps.size() + 1][];
        rows[0] = new String[] {"node", "kernel", "weight bytes", "macs", "microseconds", "fused", "reason"};
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            rows[i + 1] = new String[] {
                step.name(),
                step.kernel(),
                Long.toString(step.weightBytes()),
                Long.toString(step.macs()),
                step.nanoseconds() < 0 ? "-" : String.format(Locale.ROOT, "%.2f", step.nanoseconds() / 1e3),
                step.fused(),
                step.reason()
            };
        }
        int[] widths = new int[rows[0].length];
        for (String[] row : rows) {
            for (int c = 0; c < row.length; c++) {
                widths[c] = Math.max(widths[c], row[c].length());
            }
        }
        StringBuilder text = new StringBuilder("graph " + graph + ", instruction set " + isa + "\n");
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < row.length; c++) {
                boolean number = c >= 2 && c <= 4;
                line.append(String.format("%" + (number ? "" : "-") + Math.max(1, widths[c]) + "s  ", row[c]));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
