package io.octavo;

/** An object is in use by another thread and the call cannot wait. */
public class BusyException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public BusyException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public BusyException(String message, Throwable cause) {
        super(message, cause);
    }
}
