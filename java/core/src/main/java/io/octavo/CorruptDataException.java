package io.octavo;

/** A file or byte sequence that is malformed, truncated or hostile. The message gives the place in it. */
public class CorruptDataException extends DataException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public CorruptDataException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public CorruptDataException(String message, Throwable cause) {
        super(message, cause);
    }
}
