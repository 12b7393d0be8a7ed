package io.octavo;

/** NaN or an infinity where a number is needed. */
public class NotFiniteException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public NotFiniteException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public NotFiniteException(String message, Throwable cause) {
        super(message, cause);
    }
}
