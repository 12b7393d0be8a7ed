package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFinderTest {
    @TempDir
    Path dir;

    private Download nowhere() {
        return new Download(
                URI.create("http://no-such-host.invalid/cifar-10-binary.tar.gz"),
                "0".repeat(32),
                Duration.ofSeconds(2),
                Duration.ofSeconds(2));
    }

    private TrainTest find(Path data, String environment) {
        return new DataFinder(environment, dir.resolve("cache"), nowhere(), List.of(dir.resolve("fashion")))
                .find(data, ProgressListener.NONE);
    }

    @Test
    void placesAreTriedInOrder() throws Exception {
        String message = assertThrows(DataNotFoundException.class, () -> find(null, null))
                .getMessage();
        assertTrue(message.contains("--data")
                && message.contains("OCTAVO_DATA")
                && message.contains("dataset-fashion-mnist"));

        TinyData.idxFolder(dir.resolve("fashion"));
        TrainTest substitute = find(null, null);
        assertEquals("mnist", substitute.name());
        assertTrue(substitute.note().contains("CIFAR-10 was not found"), substitute.note());

        Path cache = dir.resolve("cache");
        Files.createDirectories(cache);
        Files.write(cache.resolve("cifar-10-binary.tar.gz"), TinyData.cifarArchive());
        assertEquals(5, find(null, null).train().size());
        assertEquals("", find(null, null).note());

        Path environment = dir.resolve("environment");
        TinyData.cifarFolder(environment.resolve("cifar10"));
        assertEquals(6, find(null, environment.toString()).train().size());
        assertEquals(
                6, find(null, environment.resolve("cifar10").toString()).train().size());
        assertEquals(5, find(null, dir.toString()).train().size(), "a folder without data is passed over");

        Path given = dir.resolve("given.zip");
        TinyData.writeZip(given, ImageFolderTest.cifarImages());
        assertEquals(20, find(given, environment.toString()).train().size());
    }

    @Test
    void whatWasNamedIsNeverReplacedInSilence() throws Exception {
        TinyData.idxFolder(dir.resolve("fashion"));
        assertThrows(DataNotFoundException.class, () -> find(dir.resolve("absent"), null));
        assertThrows(
                DataNotFoundException.class,
                () -> find(null, dir.resolve("absent").toString()));
        Path damaged = dir.resolve("environment/cifar10");
        TinyData.cifarFolder(damaged);
        Files.write(damaged.resolve("test_batch.bin"), new byte[5]);
        assertThrows(
                CorruptDataException.class,
                () -> find(null, dir.resolve("environment").toString()));
    }

    @Test
    void downloadGoesToTheCacheAndIsFoundThereNextTime() throws Exception {
        byte[] archive = TinyData.cifarArchive();
        String md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(archive));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        int[] requests = {0};
        server.createContext("/", exchange -> {
            requests[0]++;
            exchange.sendResponseHeaders(200, archive.length);
            exchange.getResponseBody().write(archive);
            exchange.close();
        });
        server.start();
        try {
            URI uri = URI.create("http://localhost:" + server.getAddress().getPort() + "/cifar-10-binary.tar.gz");
            Download download = new Download(uri, md5, Duration.ofSeconds(2), Duration.ofSeconds(2));
            DataFinder finder = new DataFinder(null, dir.resolve("cache"), download, List.of());
            assertEquals(5, finder.find(null, ProgressListener.NONE).train().size());
            assertEquals(5, finder.find(null, ProgressListener.NONE).train().size());
            assertEquals(1, requests[0]);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void fileInPlaceOfTheCacheFolder() throws IOException {
        Files.writeString(dir.resolve("cache"), "in the way");
        assertThrows(DataNotFoundException.class, () -> find(null, null));
    }
}
