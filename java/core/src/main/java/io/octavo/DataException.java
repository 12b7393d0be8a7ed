package io.octavo;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.zip.ZipException;

/**
 * Input or output that failed: the parent of what is not there ({@link DataNotFoundException}) and what is damaged
 * ({@link CorruptDataException}), and itself what can be neither read nor written for another reason: no permission, a full disk,
 * a connection that broke. The message names the file. No {@link IOException} comes out of the library.
 */
public class DataException extends OctavoException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message what is wrong, where, and what would be right
     */
    public DataException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong, where, and what would be right
     * @param cause what led to it
     */
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * The exception for a file that could not be read: {@link DataNotFoundException} if it is not there, {@link CorruptDataException}
     * if its end came too early or its compression is damaged, and otherwise this one.
     *
     * @param file how the message names the file
     */
    public static DataException reading(Object file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new DataNotFoundException(file + ": there is no such file", e);
        }
        String reason = e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : e.toString();
        return e instanceof EOFException || e instanceof ZipException
                ? new CorruptDataException(file + ": damaged: " + reason, e)
                : new DataException(file + ": cannot be read: " + reason, e);
    }
}
