package io.octavo.data;

import io.octavo.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a file is by its first bytes, whatever its name. */
enum FileKind {
    GZIP,
    ZIP,
    OTHER;

    static FileKind of(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(2);
            if (head.length == 2 && head[0] == 0x1f && head[1] == (byte) 0x8b) {
                return GZIP;
            }
            return head.length == 2 && head[0] == 'P' && head[1] == 'K' ? ZIP : OTHER;
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }
}
