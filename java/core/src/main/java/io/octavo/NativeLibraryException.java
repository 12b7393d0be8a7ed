package io.octavo;

/**
 * The native library is missing for the platform, failed to load, does not know the instruction set that {@code OCTAVO_ISA}
 * names, or reported a defect of its own. A load failure is kept and thrown at every use, with its cause.
 */
public class NativeLibraryException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public NativeLibraryException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
