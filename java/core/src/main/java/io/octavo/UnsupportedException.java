package io.octavo;

/** A well-formed request that nothing here can carry out. The message says why. */
public class UnsupportedException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public UnsupportedException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public UnsupportedException(String message, Throwable cause) {
        super(message, cause);
    }
}
