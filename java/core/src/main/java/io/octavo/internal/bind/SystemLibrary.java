package io.octavo.internal.bind;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The system's C and C++ libraries, where they are too old for a native library. */
final class SystemLibrary {
    /** As the loader of glibc says it in every language: the version that it misses, and at the end the file that asks. */
    private static final Pattern MISSING =
            Pattern.compile("\\b(GLIBC|GLIBCXX|CXXABI)_[0-9.]*[0-9].*\\([^()]*?(/[^()]*)\\)", Pattern.DOTALL);

    private static final Pattern MAPPED = Pattern.compile("\\S+ .* (/.*/libc(?:-[0-9.]+\\.so|\\.so\\.6))");

    /** How glibc's own file names its version. */
    private static final Pattern RELEASE = Pattern.compile("GNU C Library [^\\n]*release version ([0-9.]*[0-9])");

    private SystemLibrary() {}

    /**
     * One sentence for a failed load whose reason is a C or C++ library older than a native library needs: what was found,
     * what needs which version. Null where the reason is another.
     */
    static String tooOld(Throwable failure) {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            Matcher missing = MISSING.matcher(String.valueOf(e.getMessage()));
            if (missing.find()) {
                Path library = Path.of(missing.group(2));
                String needed = newest(library, missing.group(1));
                return missing.group(1).equals("GLIBC")
                        ? "The C library of this system is glibc " + glibc() + "; " + library.getFileName()
                                + " needs glibc " + needed + " or newer"
                        : "The C++ library of this system, libstdc++.so.6, is too old: it lacks " + missing.group(1)
                                + "_" + needed + ", which " + library.getFileName() + " needs";
            }
        }
        return null;
    }

    /** The loader names one version that it misses; the file may need newer ones. */
    private static String newest(Path library, String name) {
        return Pattern.compile("\\b" + name + "_([0-9.]*[0-9])\\b")
                .matcher(text(library))
                .results()
                .map(version -> version.group(1))
                .max((a, b) -> Arrays.compare(numbers(a), numbers(b)))
                .orElse("of another version");
    }

    private static int[] numbers(String version) {
        return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    }

    /** The version of the glibc that this process runs on, as its file says it. */
    private static String glibc() {
        return text(Path.of("/proc/self/maps"))
                .lines()
                .map(MAPPED::matcher)
                .filter(Matcher::matches)
                .map(line -> RELEASE.matcher(text(Path.of(line.group(1)))))
                .filter(Matcher::find)
                .map(release -> release.group(1))
                .findFirst()
                .orElse("of an unknown version");
    }

    /** The bytes of a file as characters; none where it cannot be read. */
    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
