package io.octavo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The one way in which the library writes a file: whole, or not at all. The bytes go to a file of another name in the same folder,
 * are forced to the disk, and take the file's name by an atomic rename; whoever reads sees the old file or the new one, after a
 * crash too. A process that is told to end (interrupted at the keyboard, say) leaves nothing of the other name behind.
 *
 * <p>A new file has the mode that the process's umask gives, an existing one keeps its mode. A symbolic link is followed: what it
 * names is replaced, the link stays. What is no regular file (a pipe, a device such as {@code /dev/stdout}) is written to as it is.
 */
public final class AtomicFile {
    private static final int LINKS = 40; // as many as Linux follows

    /** What is being written: removed as well where the process is told to end, which runs no more code of the writer. */
    private static final Set<Path> PARTS = ConcurrentHashMap.newKeySet();

    static {
        try {
            Runtime.getRuntime()
                    .addShutdownHook(
                            new Thread(() -> PARTS.forEach(part -> part.toFile().delete()), "octavo-files"));
        } catch (IllegalStateException e) {
            // It is ending already.
        }
    }

    private AtomicFile() {}

    /** Writes the bytes of a file, in order. */
    public interface Content {
        /** Writes everything to {@code to}; a channel takes part of a buffer or all of it, see {@link #writeFully}. */
        void writeTo(WritableByteChannel to) throws IOException;
    }

    /**
     * Writes {@code content} as {@code file}.
     *
     * @throws DataNotFoundException if the folder does not exist
     * @throws DataException if the file cannot be written, naming it; what was there is then as it was
     */
    public static void write(Path file, Content content) {
        try {
            Path target = followed(file.toAbsolutePath());
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                writeInto(target, content);
            } else {
                replace(target, content);
            }
        } catch (NoSuchFileException e) {
            throw new DataNotFoundException(
                    file + ": cannot be written: there is no folder "
                            + file.toAbsolutePath().getParent(),
                    e);
        } catch (IOException e) {
            throw new DataException(file + ": cannot be written: " + reason(e), e);
        }
    }

    /** Writes all remaining bytes of {@code bytes}. */
    public static void writeFully(WritableByteChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    private static void writeInto(Path target, Content content) throws IOException {
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
            content.writeTo(Channels.newChannel(out));
        }
    }

    private static void replace(Path target, Content content) throws IOException {
        Path part = newPart(target.getParent());
        try {
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                keepMode(target, part);
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException | Error e) {
            part.toFile().delete(); // whether that works or not: the failure that led here is the one to report
            throw e;
        } finally {
            PARTS.remove(part);
        }
        try (FileChannel folder = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
            folder.force(true); // the new name as well
        }
    }

    /** An empty file under a name of its own: short, as the target's may be as long as the file system takes. */
    private static Path newPart(Path folder) throws IOException {
        while (true) {
            Path part = folder.resolve(
                    "." + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".part");
            PARTS.add(part);
            try {
                return Files.createFile(part);
            } catch (FileAlreadyExistsException e) {
                PARTS.remove(part); // another number, then
            } catch (IOException e) {
                PARTS.remove(part);
                throw e;
            }
        }
    }

    private static void keepMode(Path target, Path part) throws IOException {
        PosixFileAttributeView old = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        if (old != null && Files.exists(target)) {
            Files.setPosixFilePermissions(part, old.readAttributes().permissions());
        }
    }

    /** What {@code file} is in the end, if it is a link or a link to one; what a link names need not exist. */
    private static Path followed(Path file) throws IOException {
        Path at = file;
        for (int links = 0; Files.isSymbolicLink(at); links++) {
            if (links == LINKS) {
                throw new IOException("too many symbolic links, one naming the next");
            }
            at = at.resolveSibling(Files.readSymbolicLink(at)).toAbsolutePath();
        }
        return at;
    }

    /** The JDK's messages of file errors are the file's name alone where the system says no more than what the class says. */
    private static String reason(IOException e) {
        return e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : e.toString();
    }
}
