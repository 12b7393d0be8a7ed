package io.octavo.internal.bind;

import io.octavo.InvalidValueException;
import io.octavo.NativeLibraryException;
import io.octavo.NativeMemoryException;
import io.octavo.NotFiniteException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.natives.global.octavo;

/** Turns the status of a native call into an exception of its kind, with the native library's sentence. */
final class Status {
    private Status() {}

    static void check(int status) {
        if (status != octavo.OCTAVO_OK) {
            throw exception(status);
        }
    }

    private static OctavoException exception(int status) {
        String message = octavo.octavo_last_error().getString();
        if (message.isEmpty()) {
            message = octavo.octavo_status_text(status).getString();
        }
        if (status == octavo.OCTAVO_INVALID_ARGUMENT) {
            return new InvalidValueException(message);
        }
        if (status == octavo.OCTAVO_SHAPE_MISMATCH) {
            return new ShapeMismatchException(message);
        }
        if (status == octavo.OCTAVO_UNSUPPORTED || status == octavo.OCTAVO_NO_BACKEND) {
            return new UnsupportedException(message);
        }
        if (status == octavo.OCTAVO_NOT_FINITE) {
            return new NotFiniteException(message);
        }
        if (status == octavo.OCTAVO_OUT_OF_MEMORY) {
            return new NativeMemoryException(message);
        }
        return new NativeLibraryException(message); // unknown instruction set, or a defect of the library
    }
}
