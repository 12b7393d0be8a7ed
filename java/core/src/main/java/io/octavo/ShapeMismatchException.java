package io.octavo;

/**
 * Shapes, element types or sizes that do not fit together. The message names the node or tensor, what was found and
 * what was expected.
 */
public class ShapeMismatchException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public ShapeMismatchException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public ShapeMismatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
