#include "ops/rests.h"

#include <algorithm>

#include "base/sizes.h"

namespace octavo {

namespace {

// Between a row's pixels and its planes: a load of a row's last bytes must not meet what was just stored, or it waits.
constexpr int64_t gap = 64;

// What the rows of a line of output take at most, a few times what large images need: tall kernels have many planes, and rows far
// apart few pixels between them.
constexpr int64_t most_bytes = int64_t{1} << 24;

}  // namespace

Rests::Rests(const BandRow& kernels, const ConvGeometry& g, int64_t width, int64_t lines, int lanes, bool copied)
    : kernels_(&kernels),
      run_(g.kernel_w * g.channels),
      whole_(run_ / 4 * 4),
      kernel_h_(g.kernel_h),
      tap_row_(g.dilation_h),
      lines_(lines),
      line_row_(g.stride_h),
      at_(width * g.channels + gap) {
    const int64_t pixel = g.channels * g.stride_w, rest = run_ - whole_;
    if (g.dilation_w != 1 || rest == 0 || whole_ == 0 || pixel > 64) return;
    carried_ = std::min<int64_t>(4, pixel);
    step_ = 64 / pixel * pixel;
    const int64_t planes = ceil_div(kernel_h_ * rest, carried_);
    // Pieces: what a kernel row's rest has in one plane.
    std::vector<int64_t> rows;
    for (int64_t t = 0; t < kernel_h_ * rest;) {
        const int64_t row = t / rest, byte = t % rest, plane = t / carried_, place = t % carried_;
        const int64_t count = std::min(rest - byte, carried_ - place);
        uint64_t bytes = 0;
        for (int64_t i = 0; i < step_; i++) {
            if (i % pixel >= place && i % pixel < place + count) bytes |= uint64_t{1} << i;
        }
        pieces_.push_back({whole_ + byte - place, bytes, plane});
        rows.push_back(row);
        t += count;
    }
    // For sixteen pixels, in cycles: products saved against bytes moved.
    const int64_t saved = (kernel_h_ - planes) * ceil_div<int64_t>(g.outputs, lanes) * 16;
    const int64_t copy = copied ? 0 : 2 * pixel * g.stride_h;
    const int64_t cost = (static_cast<int64_t>(pieces_.size()) * pixel + copy) * 16 / kernels.bytes_a_cycle;
    if (saved <= cost) return;
    const int64_t steps = ceil_div(g.out_width * pixel, step_), plane_bytes = rest_plane_bytes(steps, step_);
    if (g.needed_height(1) > most_bytes / (at_ + planes * plane_bytes)) return;
    planes_ = planes;
    steps_ = steps;
    plane_bytes_ = plane_bytes;
    for (size_t i = 0; i < rows.size(); i++) pieces_[i].offset += rows[i] * tap_row_ * pitch();
}

GroupLayout Rests::taps() const {
    GroupLayout layout;
    for (int64_t row = 0; row < kernel_h_; row++) layout.add_run(row * tap_row_ * pitch(), row * run_, whole_);
    const int64_t rest = run_ - whole_;
    for (int64_t plane = 0; plane < planes_; plane++) {
        layout.offsets.push_back(static_cast<int32_t>(at_ + plane * plane_bytes_));
        for (int64_t i = 0; i < 4; i++) {
            const int64_t t = plane * carried_ + i;
            const bool used = i < carried_ && t < kernel_h_ * rest;
            layout.source.push_back(used ? static_cast<int32_t>(t / rest * run_ + whole_ + t % rest) : -1);
        }
    }
    return layout;
}

void Rests::fill(uint8_t* band, int64_t lines) const {
    if (planes_ == 0) return;
    RestArgs args = {};
    args.line = band;
    args.to = band + at_;
    args.lines = lines * lines_;
    args.pitch = line_row_ * pitch();
    args.steps = steps_;
    args.step = step_;
    args.pieces = pieces_.data();
    args.count = static_cast<int64_t>(pieces_.size());
    kernels_->rests(args);
}

}  // namespace octavo
