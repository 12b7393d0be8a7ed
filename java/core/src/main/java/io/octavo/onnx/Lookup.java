package io.octavo.onnx;

import io.octavo.internal.onnx.NodeDef;
import java.util.List;

/**
 * Codes of a constant that a file looks up in a table: {@code codes -> Cast [-> Add of where tables begin] -> Gather [-> Reshape
 * [-> Slice]] -> DequantizeLinear}.
 *
 * @param codes name of the initializer
 * @param table name of the initializer, all tables one behind the other
 * @param offsets name of the initializer that says where tables begin; null: there is one
 * @param nodes between, which stand for nothing else, the last first
 */
record Lookup(String codes, String table, String offsets, List<NodeDef> nodes) {}
