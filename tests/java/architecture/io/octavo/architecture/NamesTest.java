package io.octavo.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * A program may import whole packages, {@code io.octavo.nn.*} beside {@code io.octavo.scheme.*}: no name that it then writes
 * means two things.
 */
class NamesTest {
    @Test
    void noTwoPublicClassesShareAName() {
        Map<String, Set<String>> classes = new TreeMap<>();
        for (JavaClass c : exported()) {
            classes.computeIfAbsent(c.getSimpleName(), name -> new TreeSet<>()).add(c.getName());
        }
        classes.values().removeIf(sharers -> sharers.size() == 1);
        assertEquals(Map.of(), classes);
    }

    /** What every program imports without saying so. */
    @Test
    void noPublicClassHasANameOfJavaLang() throws IOException {
        Set<String> ours =
                exported().stream().map(JavaClass::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
        Set<String> javaLang = javaLang();
        assertTrue(javaLang.contains("Module"), "read from the running JDK: " + javaLang);
        ours.retainAll(javaLang);
        assertEquals(Set.of(), ours);
    }

    /** The public classes that programs write: those of no package that is internal, generated, or a program itself. */
    private static List<JavaClass> exported() {
        Set<String> closed = Set.of("internal", "natives", "presets", "cli", "report");
        List<JavaClass> found = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.octavo").stream()
                        .filter(c -> c.getModifiers().contains(JavaModifier.PUBLIC) && c.isTopLevelClass())
                        .filter(c -> !closed.contains(room(c)))
                        .toList();
        assertTrue(found.size() > 50, "found " + found.size());
        return found;
    }

    private static String room(JavaClass c) {
        String[] parts = c.getPackageName().split("\\.");
        return parts.length > 2 ? parts[2] : "";
    }

    private static Set<String> javaLang() throws IOException {
        try (ModuleReader reader =
                ModuleFinder.ofSystem().find("java.base").orElseThrow().open()) {
            return reader.list()
                    .filter(path -> path.matches("java/lang/[A-Za-z]+\\.class"))
                    .map(path -> path.substring("java/lang/".length(), path.length() - ".class".length()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
