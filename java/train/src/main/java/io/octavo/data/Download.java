package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One file of the network with a known MD5 sum, brought into a folder.
 *
 * <p>Bytes go to {@code <name>.part}; only a complete file with the right sum gets its name, by an atomic rename. What an
 * interrupted download has brought stays there, and the next one asks for the rest (HTTP Range). Two processes do not write the
 * same file: it is locked.
 *
 * @param source where the file is
 * @param md5 its sum, 32 hexadecimal digits. Guards against damage, not against an attacker; the connection is HTTPS's to guard
 * @param connect longest wait for a connection
 * @param stall longest wait for the next byte
 */
record Download(URI source, String md5, Duration connect, Duration stall) {
    private static final int ATTEMPTS = 3;

    Download(URI source, String md5) {
        this(source, md5, Duration.ofSeconds(5), Duration.ofSeconds(20));
    }

    String fileName() {
        String path = source.getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /**
     * Downloads the file.
     *
     * @return its path in {@code folder}
     * @throws DataNotFoundException if it cannot be had: no network, an error of the server, a connection that broke down again
     *     and again, a folder that cannot be written
     * @throws CorruptDataException if the file that came has another sum; it is deleted
     */
    Path into(Path folder, ProgressListener listener) {
        Path file = folder.resolve(fileName());
        Path part = folder.resolve(fileName() + ".part");
        try {
            Files.createDirectories(folder);
            try (FileChannel channel = FileChannel.open(
                            part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileLock lock = lock(channel)) {
                if (lock == null) {
                    throw new DataNotFoundException("another process is downloading " + source + " to " + folder);
                }
                fetch(channel, listener);
                String found = sum(channel);
                if (!found.equals(md5)) {
                    Files.delete(part);
                    throw new CorruptDataException(
                            "the file from " + source + " has MD5 " + found + ", not " + md5 + ": it was deleted");
                }
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                if (Files.exists(part) && Files.size(part) == 0) {
                    Files.delete(part);
                }
            }
            return file;
        } catch (IOException e) {
            throw new DataNotFoundException("cannot download " + source + " to " + folder + ": " + reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataNotFoundException("the download of " + source + " was interrupted; what came is kept", e);
        }
    }

    private static FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // another thread of this process
        }
    }

    /** Brings the rest of the file; a connection that brought something before it broke is worth another try. */
    private void fetch(FileChannel channel, ProgressListener listener) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(connect)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        for (int attempt = 1; ; attempt++) {
            long before = channel.size();
            try {
                if (transfer(client, channel, listener)) {
                    return;
                }
            } catch (IOException e) {
                if (attempt == ATTEMPTS
                        || channel.size() <= before
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
        }
    }

    /** One request. True: the file is complete. False: what was there is of no use, and has been dropped. */
    private boolean transfer(HttpClient client, FileChannel channel, ProgressListener listener)
            throws IOException, InterruptedException {
        long have = channel.size();
        HttpRequest.Builder request = HttpRequest.newBuilder(source).timeout(stall);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            int status = response.statusCode();
            if (status == 416 && have > 0) {
                // Nothing comes after what we have: it is complete, or longer than the file.
                if (sum(channel).equals(md5)) {
                    return true;
                }
                channel.truncate(0);
                return false;
            }
            boolean rest = status == 206
                    && response.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + have + "-");
            if (status != 200 && !rest) {
                throw new IOException("the server answered with status " + status);
            }
            if (!rest) {
                have = 0;
                channel.truncate(0);
            }
            long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
            copy(body, channel, have, length < 0 ? -1 : have + length, listener);
            return true;
        }
    }

    private void copy(InputStream body, FileChannel channel, long have, long total, ProgressListener listener)
            throws IOException {
        String task = "downloading " + fileName();
        channel.position(have);
        byte[] buffer = new byte[1 << 16];
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "octavo-download-watch");
            thread.setDaemon(true);
            return thread;
        });
        try {
            long done = have;
            listener.update(task, done, total);
            while (true) {
                // The client has no time-out for a body that stops coming: closing the stream ends the read.
                Future<?> alarm = watch.schedule(
                        () -> {
                            body.close();
                            return null;
                        },
                        stall.toMillis(),
                        TimeUnit.MILLISECONDS);
                int n = body.read(buffer);
                boolean rang = !alarm.cancel(false);
                if (n < 0) {
                    if (rang) {
                        throw new IOException("nothing came for " + stall.toSeconds() + " s");
                    }
                    break;
                }
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                done += n;
                listener.update(task, done, total);
            }
            if (total >= 0 && done != total) {
                throw new IOException("the connection ended after " + done + " of " + total + " bytes");
            }
        } finally {
            watch.shutdownNow();
        }
    }

    private static String sum(FileChannel channel) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            channel.position(0);
            while (channel.read(buffer) >= 0) {
                digest.update(buffer.flip());
                buffer.clear();
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has MD5", e);
        }
    }

    private String reason(IOException e) {
        if (e instanceof ConnectException) { // which has no message of its own
            return "no connection to " + source.getHost();
        }
        String text = e.getMessage();
        return text == null || text.isEmpty() ? e.getClass().getSimpleName() : text;
    }
}
