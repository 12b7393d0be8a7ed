#include "onednn/detours.h"

#include <algorithm>

namespace octavo::onednn {

namespace {

// Whether some window has no column, or no line, of the image.
bool misses(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t begin) {
    for (int64_t i = 0; i < out; ++i) {
        bool meets = false;
        for (int64_t k = 0; k < kernel && !meets; ++k) {
            const int64_t at = i * stride - begin + k * dilation;
            meets = at >= 0 && at < in;
        }
        if (!meets) return true;
    }
    return false;
}

bool misses_columns(const Geometry& g) { return misses(g.iw, g.ow, g.kw, g.sw, g.dw, g.pl); }
bool misses_lines(const Geometry& g) { return misses(g.ih, g.oh, g.kh, g.sh, g.dh, g.pt); }
bool misses_image(const Geometry& g) { return misses_columns(g) || misses_lines(g); }

bool has_one_channel(const Geometry& g) { return g.ic == g.groups; }

bool is_sampling(const Geometry& g) { return g.is_sampling(); }
bool samples_few_channels(const Geometry& g) { return g.is_sampling() && g.ic / g.groups % 16 != 0; }

const Detour rows[] = {
    {Pass::grad_weight, "", samples_few_channels, Remedy::sample,
     "pixels are sampled first: oneDNN's own way writes whole vectors of channels behind its scratchpad"},
    {Pass::forward, "brg", misses_columns, Remedy::another,
     "not by oneDNN's brgemm, which jumps anywhere where a window lies beside the image"},
    {Pass::int8, "brg", misses_image, Remedy::another,
     "not by oneDNN's brgemm, which takes another window's zero points where one lies beside the image"},
    {Pass::int8, "brg_conv", has_one_channel, Remedy::another,
     "not by oneDNN's brgemm, whose way with one channel reads behind its weights and takes wrong zero points at "
     "borders"},
    {Pass::int8, "jit_uni_int8_1x1", is_sampling, Remedy::another,
     "not by oneDNN's pointwise kernel, which reads and writes whole vectors of channels where it skips pixels"},
};

}  // namespace

const Detour* find_detour(Pass pass, Remedy remedy, const std::string& implementation, const Geometry& geometry) {
    for (const Detour& row : rows) {
        if (row.pass == pass && row.remedy == remedy && implementation.find(row.implementation) != std::string::npos &&
            row.applies(geometry)) {
            return &row;
        }
    }
    return nullptr;
}

void add_reason(std::string* reasons, const Detour& detour) {
    if (reasons->find(detour.reason) != std::string::npos) return;
    if (!reasons->empty()) *reasons += "; ";
    *reasons += detour.reason;
}

}  // namespace octavo::onednn
