package io.octavo;

/** A data set, file or download that is not there. The message lists where it was looked for. */
public class DataNotFoundException extends DataException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public DataNotFoundException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public DataNotFoundException(String message, Throwable cause) {
        super(message, cause);
    }
}
