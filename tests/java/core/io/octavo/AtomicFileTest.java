package io.octavo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path dir;

    private static void write(Path file, String text) {
        AtomicFile.write(file, to -> AtomicFile.writeFully(to, ByteBuffer.wrap(text.getBytes())));
    }

    private String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private List<String> names() {
        return List.of(dir.toFile().list());
    }

    @Test
    void aNewFileHasTheModeOfAnyNewFile() throws IOException {
        Path ordinary = Files.createFile(dir.resolve("ordinary"));
        write(dir.resolve("a"), "one");
        assertEquals("one", Files.readString(dir.resolve("a")));
        assertEquals(mode(ordinary), mode(dir.resolve("a")));
        assertEquals(2, names().size(), names().toString());
    }

    @Test
    void anExistingFileKeepsItsMode() throws IOException {
        Path file = Files.writeString(dir.resolve("a"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw---x"));
        write(file, "new");
        assertEquals("new", Files.readString(file));
        assertEquals("rw-rw---x", mode(file));
    }

    @Test
    void linksAreFollowed() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("folder"));
        Path latest = Files.createSymbolicLink(dir.resolve("latest"), Path.of("folder/second"));
        Files.createSymbolicLink(folder.resolve("second"), Path.of("file"));
        write(latest, "through both, to a file that was not there");
        write(latest, "and again");
        assertTrue(Files.isSymbolicLink(latest));
        assertTrue(Files.isSymbolicLink(folder.resolve("second")));
        assertEquals("and again", Files.readString(folder.resolve("file")));

        Path loop = Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
        String message =
                assertThrows(DataException.class, () -> write(loop, "x")).getMessage();
        assertTrue(message.contains("loop") && message.contains("links"), message);
    }

    @Test
    void aNameOfFullLengthFits() throws IOException {
        Path file = dir.resolve("a".repeat(255)); // bytes that the usual file systems take
        write(file, "text");
        assertEquals("text", Files.readString(file));
    }

    @Test
    void whatFailsLeavesWhatWasThere() throws IOException {
        Path file = Files.writeString(dir.resolve("a"), "old");
        DataException failed = assertThrows(
                DataException.class,
                () -> AtomicFile.write(file, to -> {
                    AtomicFile.writeFully(to, ByteBuffer.wrap(new byte[100]));
                    throw new IOException("the disk is full");
                }));
        assertTrue(failed.getMessage().contains(file.toString())
                && failed.getMessage().contains("the disk is full"));
        assertThrows(
                IllegalStateException.class,
                () -> AtomicFile.write(file, to -> {
                    throw new IllegalStateException();
                }));
        assertEquals("old", Files.readString(file));
        assertEquals(List.of("a"), names());
    }

    @Test
    void aMissingFolderIsNamed() {
        Path file = dir.resolve("none").resolve("a");
        String message = assertThrows(DataNotFoundException.class, () -> write(file, "x"))
                .getMessage();
        assertTrue(message.contains(dir.resolve("none").toString()), message);
        assertFalse(Files.exists(dir.resolve("none")));
    }

    @Test
    void aFolderIsNoFile() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("folder"));
        assertThrows(DataException.class, () -> write(folder, "x"));
        assertTrue(Files.isDirectory(folder));
    }

    @Test
    void pipesAreWrittenTo() throws Exception {
        Path pipe = dir.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Process reader = new ProcessBuilder("cat", pipe.toString()).start();
        write(pipe, "through");
        try (InputStream read = reader.getInputStream()) {
            assertArrayEquals("through".getBytes(), read.readAllBytes());
        }
        assertEquals(List.of("pipe"), names());
    }

    /** A program that never comes to the end of its file. */
    static final class Endless {
        public static void main(String[] arguments) {
            AtomicFile.write(Path.of(arguments[0]), to -> {
                AtomicFile.writeFully(to, ByteBuffer.wrap(new byte[1000]));
                System.out.println("begun");
                while (true) {
                    LockSupport.park();
                }
            });
        }
    }

    @Test
    void aProcessThatIsToldToEndLeavesNothing() throws Exception {
        Path file = Files.writeString(dir.resolve("a"), "old");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Endless.class.getName(),
                        file.toString())
                .start();
        try {
            assertEquals("begun", process.inputReader().readLine());
            assertEquals(2, names().size(), "a part is being written: " + names());
            process.destroy();
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        } finally {
            process.destroyForcibly();
        }
        assertEquals(List.of("a"), names());
        assertEquals("old", Files.readString(file));
    }
}
