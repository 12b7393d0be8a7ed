package io.octavo.cli;

import io.octavo.graph.Value;
import io.octavo.runtime.Explanation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What commands say of models in JSON. */
final class ModelJson {
    private ModelJson() {}

    /** Name, type and shape of values; a dimension is a number or a name. */
    static List<Map<String, Object>> values(List<Value> values) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Value value : values) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", value.name());
            row.put("type", value.dtype().toString());
            List<Object> dims = new ArrayList<>();
            for (int i = 0; i < value.shape().rank(); i++) {
                dims.add(
                        value.shape().dimension(i).isKnown()
                                ? value.shape().dim(i)
                                : value.shape().dimension(i).name());
            }
            row.put("shape", dims);
            rows.add(row);
        }
        return rows;
    }

    /** The steps of a session. */
    static List<Map<String, Object>> steps(Explanation explanation) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Explanation.Step step : explanation.steps()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("node", step.name());
            row.put("kernel", step.kernel());
            row.put("reason", step.reason());
            row.put("fused", step.fused());
            row.put("weightBytes", step.weightBytes());
            row.put("macs", step.macs());
            if (step.nanoseconds() >= 0) {
                row.put("micros", step.nanoseconds() / 1e3);
            }
            rows.add(row);
        }
        return rows;
    }
}
