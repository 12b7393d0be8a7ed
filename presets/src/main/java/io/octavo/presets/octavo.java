package io.octavo.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * How the C ABI of {@code liboctavo} becomes Java: the parser reads {@code octavo/octavo.h} and writes
 * {@code io.octavo.natives} from it. An int8 program loads this library and no other.
 */
@Properties(
        value = @Platform(value = "linux-x86_64", compiler = "cpp11", include = "octavo/octavo.h", link = "octavo@.0"),
        target = "io.octavo.natives",
        global = "io.octavo.natives.global.octavo")
public class octavo implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {
        // The macro that marks exported functions says nothing to Java.
        infoMap.put(new Info("OCTAVO_API").cppTypes().annotations());
        // Back ends are native libraries; none is written in Java.
        infoMap.put(new Info("octavo_backend", "octavo_register_backend", "octavo_task", "octavo_parallel_for").skip());
    }
}
