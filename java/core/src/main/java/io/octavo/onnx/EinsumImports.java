package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Reduction;
import io.octavo.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums of products by index letters, as products of matrices: letters that both operands and the result have count matrices, those
 * that only one of them has are its rows or columns, and those that the result lacks are summed over.
 */
final class EinsumImports {
    private static final String ELLIPSIS = "...";

    /** A value with the letter of each of its dimensions. */
    private record Term(String value, String letters) {}

    private final ImportNode node;
    private final List<Term> terms = new ArrayList<>();
    private final String result;

    private EinsumImports(ImportNode node) {
        this.node = node;
        String equation = node.def().getString("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        String[] operands = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
        if (operands.length != node.inputs()) {
            throw new InvalidValueException("equation \"" + equation + "\" for " + node.inputs() + " inputs");
        }
        int widest = 0;
        for (int i = 0; i < operands.length; i++) {
            String letters = expanded(operands[i], node.rank(i));
            if (letters.length() != node.rank(i)) {
                throw new InvalidValueException("letters \"" + operands[i] + "\" for " + node.value(i));
            }
            if (letters.chars().distinct().count() < letters.length()) {
                throw node.unsupported("Einsum with a diagonal, \"" + operands[i] + "\",");
            }
            widest = Math.max(
                    widest, letters.length() - operands[i].replace(ELLIPSIS, "").length());
            terms.add(new Term(node.in(i), letters));
        }
        result = arrow < 0
                ? implied(String.join("", operands), widest)
                : expanded(
                        equation.substring(arrow + 2),
                        equation.substring(arrow + 2).replace(ELLIPSIS, "").length() + widest);
    }

    static void addTo(Imports.Table table) {
        table.row("Einsum", node -> new EinsumImports(node).build());
    }

    /** Digits for the dimensions of an ellipsis, the last of them 0, as they are aligned at their end. */
    private static String expanded(String letters, int rank) {
        int at = letters.indexOf(ELLIPSIS);
        if (at < 0) {
            return letters;
        }
        StringBuilder all = new StringBuilder(letters.substring(0, at));
        for (int i = rank - (letters.length() - ELLIPSIS.length()) - 1; i >= 0; i--) {
            all.append((char) ('0' + i));
        }
        return all.append(letters.substring(at + ELLIPSIS.length())).toString();
    }

    /** Without a result all letters that occur once, by the alphabet, behind the ellipsis. */
    private static String implied(String letters, int widest) {
        String named = letters.replace(ELLIPSIS, "");
        StringBuilder once = new StringBuilder(expanded(ELLIPSIS, widest));
        named.chars()
                .sorted()
                .filter(c -> named.indexOf(c) == named.lastIndexOf(c))
                .forEach(c -> once.append((char) c));
        return once.toString();
    }

    private void build() {
        for (char c : result.toCharArray()) {
            if (result.indexOf(c) != result.lastIndexOf(c) || terms.stream().noneMatch(term -> has(term, c))) {
                throw new InvalidValueException("letter '" + c + "' of the result \"" + result + "\"");
            }
        }
        Term so = summed(terms.get(0), needed(1));
        for (int i = 1; i < terms.size(); i++) {
            so = product(so, summed(terms.get(i), so.letters() + needed(i + 1)), needed(i + 1));
        }
        ordered(so, result).out(node);
    }

    private static boolean has(Term term, char letter) {
        return term.letters().indexOf(letter) >= 0;
    }

    /** Letters of the result and of the operands from one on. */
    private String needed(int from) {
        StringBuilder letters = new StringBuilder(result);
        terms.subList(from, terms.size()).forEach(term -> letters.append(term.letters()));
        return letters.toString();
    }

    /** The sum over all letters but some. */
    private Term summed(Term term, String kept) {
        List<Integer> axes = new ArrayList<>();
        StringBuilder left = new StringBuilder();
        for (int i = 0; i < term.letters().length(); i++) {
            char letter = term.letters().charAt(i);
            if (kept.indexOf(letter) < 0) {
                axes.add(i);
            } else {
                left.append(letter);
            }
        }
        return axes.isEmpty()
                ? term
                : new Term(
                        node.add(new Reduction.Reduce(Reduction.Reduce.Kind.SUM, axes, false), term.value()),
                        left.toString());
    }

    private Made ordered(Term term, String letters) {
        List<Integer> order = new ArrayList<>();
        letters.chars().forEach(letter -> order.add(term.letters().indexOf(letter)));
        return new Made(new Movement.Transpose(order), term.value());
    }

    private static String picked(String of, String from, boolean inside) {
        StringBuilder letters = new StringBuilder();
        of.chars()
                .filter(letter -> from.indexOf(letter) >= 0 == inside)
                .forEach(letter -> letters.append((char) letter));
        return letters.toString();
    }

    private Term product(Term a, Term b, String kept) {
        String shared = picked(a.letters(), b.letters(), true);
        String matrices = picked(shared, kept, true);
        String sums = picked(shared, kept, false);
        String rows = picked(a.letters(), b.letters(), false);
        String columns = picked(b.letters(), a.letters(), false);
        Map<Character, Shape> sizes = new HashMap<>(); // by letter, of one dimension
        for (Term term : List.of(a, b)) {
            Shape shape = node.value(term.value()).shape();
            for (int i = 0; i < term.letters().length(); i++) {
                Shape size = Shape.ofDims(shape.dimension(i));
                // A dimension of 1 is repeated.
                sizes.merge(term.letters().charAt(i), size, (one, other) -> one.dim(0) == 1 ? other : one);
            }
        }
        String left = matrix(ordered(a, matrices + rows + sums).add(node), matrices, rows, sums);
        String right = matrix(ordered(b, matrices + sums + columns).add(node), matrices, sums, columns);
        String product = node.add(new Op.MatMul(), left, right);
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, matrices.length()));
        boolean rest = false;
        for (int side = 0; side < 2; side++) {
            String letters = side == 0 ? rows : columns;
            int axis = matrices.length() + side;
            for (char letter : letters.toCharArray()) {
                long size = sizes.get(letter).dim(0);
                if (letters.length() == 1) {
                    parts.add(new Movement.Reshape.Product(axis, axis + 1));
                } else if (size != Shape.N) {
                    parts.add(new Movement.Reshape.Number(size));
                } else if (!rest) {
                    parts.add(new Movement.Reshape.Rest());
                    rest = true;
                } else {
                    throw node.unsupported("Einsum of dimensions that are not known, side by side,");
                }
            }
        }
        return new Term(node.reshape(product, parts), matrices + rows + columns);
    }

    /** With two dimensions behind those that count matrices: the products of two groups of letters. */
    private String matrix(String value, String matrices, String rows, String columns) {
        int first = matrices.length();
        int middle = first + rows.length();
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, first));
        parts.add(new Movement.Reshape.Product(first, middle));
        parts.add(new Movement.Reshape.Product(middle, middle + columns.length()));
        return node.reshape(value, parts);
    }
}
