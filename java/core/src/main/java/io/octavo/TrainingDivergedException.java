package io.octavo;

/** The training loss is NaN or infinite. The message names epoch, batch and learning rate. */
public class TrainingDivergedException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public TrainingDivergedException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public TrainingDivergedException(String message, Throwable cause) {
        super(message, cause);
    }
}
