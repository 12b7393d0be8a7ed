package io.octavo.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The second library: float and training operators on oneDNN. Loaded only when something needs it; the oneDNN and OpenMP
 * libraries come from the jar of oneDNN's own presets, so that a process has one copy of each.
 */
@Properties(
        inherit = octavo.class,
        value =
                @Platform(
                        value = "linux-x86_64",
                        compiler = "cpp11",
                        include = "octavo/octavo_onednn.h",
                        link = "octavo_onednn@.0",
                        preload = {"gomp@.1", "dnnl@.3"},
                        preloadresource = "/org/bytedeco/dnnl/"),
        target = "io.octavo.natives",
        global = "io.octavo.natives.global.octavo_onednn")
public class octavo_onednn implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {
        // Everything that the header needs is mapped by the presets inherited.
    }
}
