package io.octavo.internal.onnx;

/** Names of a file in messages: in quotes, and no longer than a line. */
final class Quoted {
    private static final int LONGEST = 80;

    private Quoted() {}

    static String of(String name) {
        return '"' + (name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "...") + '"';
    }
}
