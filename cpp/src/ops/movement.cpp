#include "ops/movement.h"

namespace octavo {

std::string Movement::suffix() const { return !transposed ? "" : from_planes ? "_nchw_nhwc" : "_nhwc_nchw"; }

Movement movement(const Value& x, bool changes) {
    Movement m;
    const int64_t channels = x.dims.size() == 4 ? x.dims[1] : 1;
    const int64_t pixels = x.dims.size() == 4 ? x.dims[2] * x.dims[3] : 1;
    if (!changes || channels == 1 || pixels == 1) {
        m.columns = x.elements();
        return m;
    }
    m.images = x.dims[0];
    m.transposed = true;
    m.from_planes = x.layout == OCTAVO_PLAIN;
    m.rows = m.from_planes ? channels : pixels;
    m.columns = m.from_planes ? pixels : channels;
    return m;
}

}  // namespace octavo
