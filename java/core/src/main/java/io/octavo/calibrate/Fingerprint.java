package io.octavo.calibrate;

import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * The SHA-256 of a float graph: names, operators with their attributes, types, shapes, and the elements of constants. The
 * graph's own name and the order of nodes are left out, as results do not depend on them.
 */
final class Fingerprint {
    private final MessageDigest digest;

    private Fingerprint(MessageDigest digest) {
        this.digest = digest;
    }

    static String of(Graph graph) {
        try {
            Fingerprint made = new Fingerprint(MessageDigest.getInstance("SHA-256"));
            made.add(graph);
            return HexFormat.of().formatHex(made.digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private void add(Graph graph) {
        values(graph.inputs());
        values(graph.outputs());
        values(graph.constants().values().stream()
                .sorted(Comparator.comparing(Value::name))
                .toList());
        List<Node> nodes =
                graph.nodes().stream().sorted(Comparator.comparing(Node::name)).toList();
        number(nodes.size());
        for (Node node : nodes) {
            text(node.name());
            text(node.op().toString());
            texts(node.inputs());
            texts(node.outputs());
        }
    }

    private void values(Collection<Value> values) {
        number(values.size());
        for (Value value : values) {
            text(value.name());
            text(value.dtype() + " " + value.shape());
            if (value.isConstant()) {
                digest.update(value.data().bytes());
            }
        }
    }

    private void texts(List<String> texts) {
        number(texts.size());
        texts.forEach(this::text);
    }

    /** The length goes first, so that no two lists of texts give the same bytes. */
    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        digest.update(bytes);
    }

    private void number(int number) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
    }
}
