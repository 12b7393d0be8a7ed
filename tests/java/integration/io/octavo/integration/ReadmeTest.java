package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that the README shows compiles as it stands there, and does what it says. */
class ReadmeTest {
    @Test
    void theProgramOfTheReadmeRuns(@TempDir Path folder) throws Exception {
        Path readme = Path.of(System.getProperty("octavo.root"), "README.md");
        Matcher block = Pattern.compile("```java\n(.*?public class (\\w+).*?)```", Pattern.DOTALL)
                .matcher(Files.readString(readme));
        assertTrue(block.find(), "README.md shows a Java program");
        String name = block.group(2);
        Path source = Files.writeString(folder.resolve(name + ".java"), block.group(1));

        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options =
                    List.of("-d", folder.toString(), "-classpath", System.getProperty("java.class.path"), "-Xlint:all");
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertTrue(compiled, messages.toString());
            assertEquals("", messages.toString(), "warnings of the README's program");
        }

        Path data = TinyCifar.write(Files.createDirectory(folder.resolve("data")), 640, 200);
        String printed;
        PrintStream before = System.out;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, ReadmeTest.class.getClassLoader())) {
            System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
            loader.loadClass(name).getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {data.toString(), "12"});
        } finally {
            System.setOut(before);
            printed = captured.toString(StandardCharsets.UTF_8);
        }

        Matcher accuracy =
                Pattern.compile("float ([0-9.]+) %, int8 ([0-9.]+) %").matcher(printed);
        assertTrue(accuracy.find(), printed);
        double floating = Double.parseDouble(accuracy.group(1));
        double int8 = Double.parseDouble(accuracy.group(2));
        assertTrue(floating > 60, "ten colours are learned: " + printed);
        assertTrue(Math.abs(floating - int8) <= 5, "int8 keeps it: " + printed);
    }
}
