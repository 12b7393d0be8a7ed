package io.octavo;

/**
 * The root of every error that the library reports. Messages name the node or tensor, what was found, what was expected, and
 * what to do about it.
 */
public class OctavoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public OctavoException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public OctavoException(String message, Throwable cause) {
        super(message, cause);
    }
}
