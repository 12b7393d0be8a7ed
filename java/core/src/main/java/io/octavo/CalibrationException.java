package io.octavo;

/** Calibration that has not run, an observer that has seen nothing, or a calibration of another graph. */
public class CalibrationException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public CalibrationException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public CalibrationException(String message, Throwable cause) {
        super(message, cause);
    }
}
