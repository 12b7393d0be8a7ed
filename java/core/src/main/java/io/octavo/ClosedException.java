package io.octavo;

/** A tensor, session or other handle was used after its {@code close()}. */
public class ClosedException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public ClosedException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public ClosedException(String message, Throwable cause) {
        super(message, cause);
    }
}
