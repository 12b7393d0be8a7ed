package io.octavo;

/** A number out of its range, an unknown name, an argument that no call can take. The message lists what is allowed. */
public class InvalidValueException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public InvalidValueException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public InvalidValueException(String message, Throwable cause) {
        super(message, cause);
    }
}
