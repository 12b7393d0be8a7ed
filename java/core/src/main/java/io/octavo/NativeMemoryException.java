package io.octavo;

/**
 * Memory outside the Java heap could not be had: a native allocation failed, the limit of direct buffers is reached, or a
 * size does not fit the address space.
 */
public class NativeMemoryException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public NativeMemoryException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public NativeMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
