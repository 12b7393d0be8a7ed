package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server on this machine that behaves well or badly. */
class DownloadTest {
    private static final byte[] CONTENT = TinyData.cifarRecords(0, 100);

    @TempDir
    Path dir;

    private HttpServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch end = new CountDownLatch(1);

    private volatile boolean honoursRange = true;
    private volatile int sendAtMost = Integer.MAX_VALUE; // then the connection breaks
    private volatile boolean stalls; // after sendAtMost bytes, instead of breaking
    private volatile int status = 200;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(workers);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        workers.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        ranges.add(range == null ? "all" : range);
        int from = 0;
        int code = status;
        if (range != null && honoursRange) {
            from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
            if (from >= CONTENT.length) {
                exchange.sendResponseHeaders(416, -1);
                exchange.close();
                return;
            }
            code = 206;
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
        }
        exchange.sendResponseHeaders(code, CONTENT.length - from);
        OutputStream body = exchange.getResponseBody();
        int count = Math.min(sendAtMost, CONTENT.length - from);
        body.write(CONTENT, from, count);
        body.flush();
        if (count < CONTENT.length - from && stalls) {
            try {
                end.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        exchange.close();
    }

    private Download download() {
        return new Download(uri(), md5(CONTENT), Duration.ofSeconds(2), Duration.ofSeconds(2));
    }

    private URI uri() {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/some/data.bin");
    }

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void wholeFileInOneGo() throws IOException {
        long[] last = {0, 0};
        Path folder = dir.resolve("new/folder");
        Path file = download().into(folder, (task, done, total) -> {
            last[0] = done;
            last[1] = total;
        });
        assertEquals(folder.resolve("data.bin"), file);
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
        assertFalse(Files.exists(folder.resolve("data.bin.part")));
        assertArrayEquals(new long[] {CONTENT.length, CONTENT.length}, last);
        assertEquals(List.of("all"), ranges);
    }

    @Test
    void brokenConnectionIsTakenUpWhereItBroke() throws IOException {
        sendAtMost = CONTENT.length / 2 - 1000;
        Path file = download().into(dir, ProgressListener.NONE);
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
        assertEquals(3, ranges.size(), ranges.toString());
        assertTrue(ranges.get(1).startsWith("bytes="), ranges.toString());
        assertEquals(List.of("data.bin"), names());
    }

    @Test
    void interruptedDownloadIsResumedByTheNext() throws IOException {
        sendAtMost = CONTENT.length / 10;
        assertThrows(DataNotFoundException.class, () -> download().into(dir, ProgressListener.NONE));
        assertEquals(List.of("data.bin.part"), names(), "no file under its name before it is complete");
        long kept = Files.size(dir.resolve("data.bin.part"));
        assertTrue(kept > 0 && kept < CONTENT.length);
        sendAtMost = Integer.MAX_VALUE;
        ranges.clear();
        assertArrayEquals(CONTENT, Files.readAllBytes(download().into(dir, ProgressListener.NONE)));
        assertEquals(List.of("bytes=" + kept + "-"), ranges);
    }

    @Test
    void serverWithoutRangesBeginsAgain() throws IOException {
        Files.write(dir.resolve("data.bin.part"), Arrays.copyOf(CONTENT, 5000));
        honoursRange = false;
        assertArrayEquals(CONTENT, Files.readAllBytes(download().into(dir, ProgressListener.NONE)));
    }

    @Test
    void completePartIsRecognized() throws IOException {
        Files.write(dir.resolve("data.bin.part"), CONTENT);
        assertArrayEquals(CONTENT, Files.readAllBytes(download().into(dir, ProgressListener.NONE)));
        Files.write(dir.resolve("data.bin.part"), Arrays.copyOf(CONTENT, CONTENT.length + 7));
        assertArrayEquals(CONTENT, Files.readAllBytes(download().into(dir, ProgressListener.NONE)));
    }

    @Test
    void wrongChecksumLeavesNothing() throws IOException {
        Download other = new Download(uri(), md5(new byte[1]), Duration.ofSeconds(2), Duration.ofSeconds(2));
        String message = assertThrows(CorruptDataException.class, () -> other.into(dir, ProgressListener.NONE))
                .getMessage();
        assertTrue(message.contains(md5(CONTENT)) && message.contains(md5(new byte[1])), message);
        assertEquals(List.of(), names());
        // Also when the beginning that was kept is another file's.
        byte[] foreign = Arrays.copyOf(CONTENT, 5000);
        foreign[17]++;
        Files.write(dir.resolve("data.bin.part"), foreign);
        assertThrows(CorruptDataException.class, () -> download().into(dir, ProgressListener.NONE));
        assertEquals(List.of(), names());
        assertArrayEquals(CONTENT, Files.readAllBytes(download().into(dir, ProgressListener.NONE)));
    }

    @Test
    void bodyThatStopsComingIsGivenUp() {
        sendAtMost = 1000;
        stalls = true;
        Download impatient = new Download(uri(), md5(CONTENT), Duration.ofSeconds(2), Duration.ofMillis(200));
        assertThrows(DataNotFoundException.class, () -> impatient.into(dir, ProgressListener.NONE));
    }

    @Test
    void errorOfTheServer() throws IOException {
        status = 404;
        String message = assertThrows(
                        DataNotFoundException.class, () -> download().into(dir, ProgressListener.NONE))
                .getMessage();
        assertTrue(message.contains("404"), message);
        assertEquals(List.of(), names());
    }

    @Test
    void noNetwork() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        for (String host : List.of("localhost:" + free, "no-such-host.invalid")) {
            Download away = new Download(
                    URI.create("http://" + host + "/data.bin"),
                    md5(CONTENT),
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(2));
            assertThrows(DataNotFoundException.class, () -> away.into(dir, ProgressListener.NONE));
            assertEquals(List.of(), names());
        }
    }

    @Test
    void fileThatAnotherOneWritesIsLeftAlone() throws IOException {
        Path part = dir.resolve("data.bin.part");
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertTrue(lock.isValid());
            assertThrows(DataNotFoundException.class, () -> download().into(dir, ProgressListener.NONE));
        }
        assertEquals(0, ranges.size());
    }
}
