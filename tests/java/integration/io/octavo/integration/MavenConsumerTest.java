package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program that depends on Octavo by its Maven coordinates, {@code tests/java/consumer}: Maven builds and runs it, offline, from what this
 * build has packaged and from nothing else of it.
 */
class MavenConsumerTest {
    private static final Path ROOT = Path.of(System.getProperty("octavo.root"));
    private static final String VERSION = "0.1.0-SNAPSHOT";

    @TempDir
    private Path dir;

    @Test
    void theProgramBuildsAndRunsFromThePublishedArtifacts() throws Exception {
        assumeTrue(
                Files.exists(ROOT.resolve("java/train/target/octavo-train-" + VERSION + ".jar")),
                "the jars are not built: mvn package");
        assumeTrue(isOnPath("mvn"), "there is no mvn");
        Path project = dir.resolve("app");
        copy(ROOT.resolve("tests/java/consumer"), project);
        Path model = SmallModels.classifier(dir.resolve("model.onnx"), 1);
        Path photos = SmallModels.pictures(dir.resolve("photos"), 3, 8, 8);
        Path int8 = dir.resolve("model.int8.onnx");

        Path log = dir.resolve("log");
        List<String> command = List.of(
                "mvn",
                "--offline",
                "--batch-mode",
                "--quiet",
                "-Dmaven.repo.local=" + repository(),
                "-Dmaven.compiler.release=17",
                plugin("org.apache.maven.plugins", "maven-compiler-plugin") + ":compile",
                "-Dexec.mainClass=App",
                "-Dexec.args=" + model + " " + photos + " " + int8,
                plugin("org.codehaus.mojo", "exec-maven-plugin") + ":java");
        ProcessBuilder maven = new ProcessBuilder(command)
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        maven.environment().put("MAVEN_OPTS", "-Dorg.bytedeco.javacpp.cachedir=" + (cache == null ? dir : cache));
        Process process = maven.start();
        try {
            assertTrue(process.waitFor(5, TimeUnit.MINUTES), () -> "still running: " + command);
        } finally {
            process.destroyForcibly();
        }
        removeLinks();
        String printed = Files.readString(log);
        assertEquals(0, process.exitValue(), printed);
        assertTrue(printed.contains("[F32 [1, 4]]"), printed);
        assertTrue(CliRun.output("inspect", int8).contains("QuantizeLinear"));
    }

    /** What the README shows is this project. */
    @Test
    void theReadmeShowsIt() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String pom = Files.readString(ROOT.resolve("tests/java/consumer/pom.xml"));
        String dependencies = pom.substring(pom.indexOf("    <dependency>"), pom.indexOf("  </dependencies>"));
        assertTrue(
                readme.contains(dependencies.replaceAll("(?m)^    ", "")),
                "the dependencies of tests/java/consumer/pom.xml");
    }

    /** A local repository of everything that the machine's has, except that Octavo is what was built here. */
    private Path repository() throws IOException {
        Path machine = Path.of(System.getProperty(
                "localRepository",
                Path.of(System.getProperty("user.home"), ".m2", "repository").toString()));
        Path repository = Files.createDirectory(dir.resolve("repository"));
        link(machine, repository, "io");
        Path io = Files.createDirectory(repository.resolve("io"));
        if (Files.isDirectory(machine.resolve("io"))) {
            link(machine.resolve("io"), io, "octavo");
        }
        install("octavo-parent", ROOT, List.of());
        install("octavo-presets", ROOT.resolve("presets"), List.of("", "-linux-x86_64", "-linux-x86_64-onednn"));
        install("octavo-platform", ROOT.resolve("presets/platform"), List.of(""));
        install("octavo-core", ROOT.resolve("java/core"), List.of(""));
        install("octavo-train", ROOT.resolve("java/train"), List.of(""));
        return repository;
    }

    private static void link(Path from, Path to, String except) throws IOException {
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.toList()) {
                if (!entry.getFileName().toString().equals(except)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }

    /** JUnit warns of each link that it finds. */
    private void removeLinks() throws IOException {
        try (Stream<Path> all = Files.walk(dir.resolve("repository"))) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    /** A module's pom and jars, where {@code mvn install} puts them. */
    private void install(String artifact, Path module, List<String> classifiers) throws IOException {
        Path folder = Files.createDirectories(dir.resolve("repository/io/octavo/" + artifact + "/" + VERSION));
        String name = artifact + "-" + VERSION;
        Files.copy(module.resolve("pom.xml"), folder.resolve(name + ".pom"));
        for (String classifier : classifiers) {
            String jar = name + classifier + ".jar";
            Files.createSymbolicLink(
                    folder.resolve(jar), module.resolve("target").resolve(jar));
        }
    }

    /** Coordinates of a plugin in the version that this build pins, which is at hand then. */
    private static String plugin(String group, String artifact) throws IOException {
        Matcher version = Pattern.compile("<artifactId>" + artifact + "</artifactId>\\s*<version>([^<]+)</version>")
                .matcher(Files.readString(ROOT.resolve("pom.xml")));
        assertTrue(version.find(), artifact);
        return group + ":" + artifact + ":" + version.group(1);
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(from)) {
            all.filter(Files::isRegularFile).forEach(files::add);
        }
        for (Path file : files) {
            Path copy = to.resolve(from.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy);
        }
    }

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
