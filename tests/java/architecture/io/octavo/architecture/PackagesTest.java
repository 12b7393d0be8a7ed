package io.octavo.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Who imports whom. The table is the architecture's: a package uses those that its row names, and the values that these hand it
 * from further down. What is internal, and the generated {@code natives}, are for those alone that name them.
 */
class PackagesTest {
    private static final String ROOT = "io.octavo";
    private static final String BIND = "internal.bind";
    private static final String LOWER = "internal.lower";
    private static final String ONNX_FILE = "internal.onnx";
    private static final String RANDOM = "internal.random";
    private static final String NATIVES = "natives";

    /** Package below {@code io.octavo} to the packages that its row names, in the order of the table. */
    private static final Map<String, Set<String>> TABLE = new LinkedHashMap<>();

    static {
        TABLE.put("tensor", Set.of());
        TABLE.put(BIND, Set.of(NATIVES, "tensor"));
        TABLE.put("scheme", Set.of("tensor", BIND));
        TABLE.put("observe", Set.of("tensor", "scheme", BIND));
        TABLE.put("qconfig", Set.of("scheme", "observe"));
        TABLE.put("graph", Set.of("tensor", "scheme"));
        TABLE.put(LOWER, Set.of("graph", "tensor", "scheme", BIND));
        TABLE.put("runtime", Set.of("graph", "tensor", BIND, LOWER));
        TABLE.put("calibrate", Set.of("observe", "qconfig", "graph", "runtime"));
        TABLE.put("quantize", Set.of("graph", "scheme", "qconfig", "calibrate"));
        TABLE.put("analyze", Set.of("quantize", "calibrate", "runtime"));
        TABLE.put(ONNX_FILE, Set.of("tensor"));
        TABLE.put("onnx", Set.of("graph", "scheme", "tensor", ONNX_FILE));
        TABLE.put("nn", Set.of("graph"));
        TABLE.put(RANDOM, Set.of());
        TABLE.put("data", Set.of("tensor", ONNX_FILE, RANDOM));
        TABLE.put("train", Set.of("graph", "nn", "data", "runtime", BIND, LOWER, RANDOM));
        TABLE.put("qat", Set.of("train", "quantize"));
    }

    /** The rooms of octavo-train; all others of the table are octavo-core's, which does without them. */
    private static final Set<String> TRAINING = Set.of("nn", RANDOM, "data", "train", "qat");

    /** Packages of other libraries, by their first names, to the rooms that may use them. */
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "com.fasterxml.jackson", Set.of("tensor", "calibrate", "cli", "report"),
            "com.google.protobuf", Set.of(ONNX_FILE),
            "org.apache.commons.compress", Set.of("data"),
            "javax.imageio", Set.of("data"),
            "java.awt", Set.of("data", "cli", "report"),
            "java.net", Set.of("data"));

    private static final Set<String> PROGRAMS = Set.of("cli", "report");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    @TestFactory
    Stream<DynamicTest> everyPackageUsesWhatItsRowNames() {
        return TABLE.keySet().stream()
                .filter(PackagesTest::exists)
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Set<String> allowed = reachable(name);
                    noClasses()
                            .that(describe("are in " + name, (JavaClass c) -> name.equals(room(c))))
                            .should()
                            .dependOnClassesThat(describe(
                                    "are in a package that the row of " + name + " does not name",
                                    c -> isOctavo(c) && !room(c).isEmpty() && !allowed.contains(room(c))))
                            .check(CLASSES);
                }));
    }

    /** An int8 deployment takes octavo-core alone: what is only for training is in the other jar, and nothing points there. */
    @Test
    void everyRoomIsInItsJar() {
        Map<String, String> strays = new TreeMap<>();
        for (JavaClass c : CLASSES) {
            if (TABLE.containsKey(room(c))) {
                String module = TRAINING.contains(room(c)) ? "train" : "core";
                String source = c.getSource().orElseThrow().getUri().toString();
                // In a jar of that name, or not packed yet.
                if (!source.contains("/octavo-" + module + "-") && !source.contains("/java/" + module + "/target/")) {
                    strays.put(c.getName(), source);
                }
            }
        }
        assertEquals(Map.of(), strays, "classes outside the jar of their room");
        TABLE.forEach((room, named) -> assertTrue(
                TRAINING.contains(room) || named.stream().noneMatch(TRAINING::contains),
                room + " of octavo-core names a room of octavo-train: " + named));
    }

    @TestFactory
    Stream<DynamicTest> librariesAreForTheRoomsThatNeedThem() {
        return LIBRARIES.entrySet().stream()
                .map(library -> DynamicTest.dynamicTest(library.getKey(), () -> noClasses()
                        .that(describe("are not in " + library.getValue(), (JavaClass c) -> !library.getValue()
                                .contains(room(c))))
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(library.getKey() + "..")
                        .check(CLASSES)));
    }

    @Test
    void errorsAndVersionUseNothing() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat(describe("are in a package below", c -> isOctavo(c) && !room(c).isEmpty()))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void everyClassIsInARoomOfTheTable() {
        Set<String> strangers = new LinkedHashSet<>();
        for (JavaClass c : CLASSES) {
            String room = room(c);
            boolean known = room.isEmpty()
                    || room.equals("presets")
                    || room.equals(NATIVES)
                    || TABLE.containsKey(room)
                    || PROGRAMS.contains(room);
            if (!known) {
                strangers.add(c.getName());
            }
        }
        assertTrue(strangers.isEmpty(), () -> "not in a room of the table: " + strangers);
    }

    @Test
    void programsUseExportedPackagesOnly() {
        noClasses()
                .that(describe("are programs", (JavaClass c) -> PROGRAMS.contains(room(c))))
                .should()
                .dependOnClassesThat(describe(
                        "are internal or generated",
                        c -> isOctavo(c) && (room(c).equals(NATIVES) || room(c).startsWith("internal"))))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void theGeneratedBindingsAreBehindOneRoom() {
        noClasses()
                .that(describe("are neither bind nor generated", (JavaClass c) -> !Set.of(BIND, NATIVES, "presets")
                        .contains(room(c))))
                .should()
                .dependOnClassesThat(describe("are generated", c -> isOctavo(c) && room(c).equals(NATIVES)))
                .check(CLASSES);
    }

    private static boolean exists(String name) {
        return CLASSES.stream().anyMatch(c -> name.equals(room(c)));
    }

    private static boolean isOctavo(JavaClass c) {
        return c.getPackageName().equals(ROOT) || c.getPackageName().startsWith(ROOT + ".");
    }

    /** The room of a class: its package below io.octavo, without what is below that; "" for io.octavo itself. */
    private static String room(JavaClass c) {
        if (!isOctavo(c) || c.getPackageName().equals(ROOT)) {
            return "";
        }
        String below = c.getPackageName().substring(ROOT.length() + 1);
        if (below.startsWith("internal.")) {
            return below;
        }
        int dot = below.indexOf('.');
        return dot < 0 ? below : below.substring(0, dot);
    }

    /** What the row of a package names, what those rows name in turn, and itself; the closed rooms only by name. */
    private static Set<String> reachable(String name) {
        Set<String> named = TABLE.getOrDefault(name, Set.of());
        Set<String> all = new LinkedHashSet<>(named);
        for (String next : named) {
            all.addAll(reachable(next));
        }
        for (String closed : Set.of(BIND, LOWER, ONNX_FILE, RANDOM, NATIVES)) {
            if (!named.contains(closed)) {
                all.remove(closed);
            }
        }
        all.add(name);
        return all;
    }
}
