#include <string>

#include "oneapi/dnnl/dnnl.h"

#include "octavo/octavo_onednn.h"

const char* octavo_onednn_version(void) {
    static const std::string version = [] {
        const dnnl_version_t* v = dnnl_version();
        return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
    }();
    return version.c_str();
}
