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

    /**
     * A required argument.
     *
     * @param what how the message names it, such as {@code "listener of ImageFolder.open"}
     * @return {@code value}
     * @throws InvalidValueException if it is null
     */
    public static <T> T requireNonNull(T value, String what) {
        if (value == null) {
            throw new InvalidValueException(what + " is null");
        }
        return value;
    }
}
