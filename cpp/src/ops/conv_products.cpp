#include "ops/conv_products.h"

#include <utility>
#include <vector>

#include "ops/conv_taps.h"
#include "ops/depthwise_product.h"
#include "ops/matrix_product.h"
#include "ops/packing.h"
#include "ops/pixel_product.h"
#include "ops/pooled_product.h"
#include "ops/taps_product.h"
#include "ops/winograd_product.h"

namespace octavo {
namespace {

// The weights as [O][kh][kw][I * merged], and the operands with them.
class Reordered {
public:
    explicit Reordered(const ConvProblem& p, int64_t merged = 1)
        : weights_(reordered(p.weights(), p.g, merged, p.isa, packing_threads(p.operands))), operands_(p.operands) {
        operands_.weights = &weights_;
    }
    Reordered(const Reordered&) = delete;
    Reordered& operator=(const Reordered&) = delete;
    const StageOperands& operands() const { return operands_; }

private:
    DenseWeights weights_;
    StageOperands operands_;
};

template <class Product, class... Arguments>
ConvProduct direct(Arguments&&... arguments) {
    ConvProduct made;
    made.product = std::make_unique<Product>(std::forward<Arguments>(arguments)...);
    return made;
}

template <class Product, class... Arguments>
ConvProduct on_a_copy(Arguments&&... arguments) {
    ConvProduct made = direct<Product>(std::forward<Arguments>(arguments)...);
    made.copies = true;
    return made;
}

// ---- Minimal filtering: transformed tiles, which pad and flip by themselves.

bool tiles_fit(const ConvProblem& p) {
    const WinogradRow* row = winograd_row(p.isa, p.g.outputs);
    return row != nullptr && WinogradProduct::pays(*row, p.g) && WinogradProduct::fits(p.g, p.operands);
}

ConvProduct build_tiles(const ConvProblem& p) {
    const Reordered reordered(p);
    return direct<WinogradProduct>(*winograd_row(p.isa, p.g.outputs), p.g, reordered.operands());
}

// ---- Depthwise: images of a known width, then columns of taps, both of which pad by themselves; then any.

bool depthwise_fits(const ConvProblem& p) {
    return p.plain() && p.g.groups == p.g.channels && p.g.outputs == p.g.channels && p.g.channels >= 8;
}

ConvProduct build_depthwise(const ConvProblem& p) {
    const ConvGeometry& g = p.g;
    const DepthwiseRow& row = depthwise_row(p.isa);
    const Reordered reordered(p);
    ConvProduct made;
    made.copies = p.needs_copy() || DepthwiseProduct::over_read_of(row, g.channels) > 0;
    std::vector<int32_t> offsets;
    for (int64_t ky = 0; ky < g.kernel_h; ky++) {
        for (int64_t kx = 0; kx < g.kernel_w; kx++) {
            offsets.push_back(
                static_cast<int32_t>(ky * g.dilation_h * p.pitch(made.copies) + kx * g.dilation_w * g.channels));
        }
    }
    made.product = std::make_unique<DepthwiseProduct>(row, std::move(offsets), reordered.operands());
    return made;
}

bool depthwise_columns_fit(const ConvProblem& p) {
    return depthwise_fits(p) && DepthwiseColumnsProduct::fits(depthwise_row(p.isa), p.g);
}

ConvProduct build_depthwise_columns(const ConvProblem& p) {
    const Reordered reordered(p);
    if (p.operands.x.flip)
        return on_a_copy<DepthwiseColumnsProduct>(depthwise_row(p.isa), copied(p.g), reordered.operands());
    return direct<DepthwiseColumnsProduct>(depthwise_row(p.isa), p.g, reordered.operands());
}

bool depthwise_image_fits(const ConvProblem& p) {
    return depthwise_columns_fit(p) && !p.operands.x.flip &&
           DepthwiseImageProduct::kernel_for(depthwise_row(p.isa), p.g) != nullptr;
}

ConvProduct build_depthwise_image(const ConvProblem& p) {
    const DepthwiseRow& row = depthwise_row(p.isa);
    const Reordered reordered(p);
    return direct<DepthwiseImageProduct>(row, *DepthwiseImageProduct::kernel_for(row, p.g), p.g, reordered.operands());
}

// ---- Few channels in and out: pixels in lanes. The kernel over-reads, which only a copy allows.

bool few_channels(const ConvProblem& p) {
    return conv_line_row(p.isa) != nullptr && p.plain() && p.g.groups == 1 && p.g.outputs <= conv_line_outputs &&
           p.g.channels * p.g.stride_w <= conv_line_pixel_stride;
}

// lower: as PixelProduct has it.
ConvProduct pixel_product(const ConvProblem& p, int macs_per_ns, int64_t lower) {
    const Reordered reordered(p);
    return on_a_copy<PixelProduct>(*conv_line_row(p.isa), taps_of(p.g, p.pitch(true), p.g.channels),
                                   reordered.operands(), p.g.channels * p.g.stride_w, macs_per_ns, lower);
}

bool pixels_fit(const ConvProblem& p) { return few_channels(p) && p.g.out_width >= 8; }

ConvProduct build_pixels(const ConvProblem& p) { return pixel_product(p, product_rate(p.isa).macs_per_ns / 2, 0); }

// ---- Matrices: channel groups with few outputs are merged until these fill a vector.

int64_t merged_groups(const ConvProblem& p) { return groups_to_merge(p.g, product_rate(p.isa).lanes); }

// Input channels that a panel of weights meets at a tap.
int64_t channels_together(const ConvProblem& p) { return p.g.channels / p.g.groups * merged_groups(p); }

int panel_groups(const ConvProblem& p) { return static_cast<int>(p.g.channels / channels_together(p)); }

// Pixels of a line as they will come: all of an image whose pixels are evenly spaced.
int64_t line_width(const ConvProblem& p) { return p.g.pointwise() ? p.g.out_width * p.g.out_height : p.g.out_width; }

// Padded, with kernels that leave out what is outside of the image.
bool borders_fit(const ConvProblem& p) {
    return p.g.padded() && !p.operands.x.flip && !p.weights().has_zero_points() && has_borders(p.isa) &&
           channels_together(p) % 4 == 0 && Borders::fit(p.g);
}

ConvProduct build_borders(const ConvProblem& p) {
    const int64_t inputs = channels_together(p);
    const Reordered reordered(p, merged_groups(p));
    ConvProduct made;
    made.product = matrix_product(p.isa, columns_of_taps(p.g, inputs), reordered.operands(), panel_groups(p), inputs,
                                  line_width(p), &p.g);
    return made;
}

bool taps_fit(const ConvProblem& p) {
    const TapsRow* row = taps_row(p.isa);
    return row != nullptr && borders_fit(p) && TapsProduct::fits(*row, p.g, channels_together(p));
}

ConvProduct build_taps(const ConvProblem& p) {
    const int64_t inputs = channels_together(p);
    const Reordered reordered(p, merged_groups(p));
    return direct<TapsProduct>(*taps_row(p.isa), columns_of_taps(p.g, inputs), reordered.operands(), panel_groups(p),
                               inputs, p.g);
}

// Where the taps of a pixel are: in the image, or in a copy, which may have the rests of kernel rows besides.
struct Reading {
    bool copies;
    Rests rests;
    GroupLayout layout;
};

Reading reading(const ConvProblem& p, bool copies) {
    Reading r = {copies, {}, {}};
    // Packed rows have no gaps anyway.
    if (p.g.groups == 1 && pairs_row(p.isa) == nullptr) {
        const int64_t lines = p.max_pool ? 2 : 1;
        r.rests = Rests(p.band, p.g, p.windows.needed_width(), lines, product_rate(p.isa).lanes, copies);
    }
    r.copies = copies || r.rests.any();
    r.layout = r.rests.any() ? r.rests.taps() : taps_of(p.g, p.pitch(r.copies), channels_together(p));
    return r;
}

bool anything_fits(const ConvProblem&) { return true; }

ConvProduct build_matrix(const ConvProblem& p) {
    const int64_t width = line_width(p);
    Reading from = reading(p, p.needs_copy());
    if (!from.copies && over_read_of(p.isa, from.layout, p.weights(), panel_groups(p), width) > 0)
        from = reading(p, true);
    const Reordered reordered(p, merged_groups(p));
    ConvProduct made = {nullptr, from.copies, std::move(from.rests)};
    made.product = matrix_product(p.isa, std::move(from.layout), reordered.operands(), panel_groups(p),
                                  channels_together(p), width);
    return made;
}

// ---- With the maximum over 2 x 2 pixels.

bool pooled_pixels_fit(const ConvProblem& p) { return few_channels(p) && p.windows.out_width >= 4; }

ConvProduct build_pooled_pixels(const ConvProblem& p) {
    return pixel_product(p, gemm_row(p.isa).macs_per_ns / 2, p.g.stride_h * p.pitch(true));
}

bool pooled_matrix_fits(const ConvProblem& p) { return conv_pool_row(p.isa) != nullptr; }

ConvProduct build_pooled_matrix(const ConvProblem& p) {
    Reading from = reading(p, p.needs_copy());
    if (!from.copies && from.layout.over_read > 0) from = {true, {}, taps_of(p.g, p.pitch(true), p.g.channels)};
    const Reordered reordered(p);
    ConvProduct made = {nullptr, from.copies, std::move(from.rests)};
    const int64_t pitch = made.rests.any() ? made.rests.pitch() : p.pitch(made.copies);
    made.product = std::make_unique<PooledProduct>(*conv_pool_row(p.isa), std::move(from.layout), reordered.operands(),
                                                   p.g.channels * p.g.stride_w, p.g.stride_h * pitch);
    return made;
}

// What no candidate takes with the maximum.
void require_maximum(const ConvProblem& p) {
    const auto refuse = [&](const std::string& why) { return Refusal(p.operands.where + ": " + why); };
    if (!p.plain() || p.g.groups > 1)
        throw refuse("no kernel takes the maximum with a residual, weight zero points or groups");
    if (!pooled_pixels_fit(p) && !pooled_matrix_fits(p))
        throw refuse("no kernel of " + std::string(isa_name(p.isa)) + " takes the maximum");
    if (p.g.channels >= 8 && p.g.padded()) throw refuse("of so many channels the taps beyond the border are skipped");
}

// A kernel family for convolutions. fits: it takes the problem, and is as fast as those below it.
// Of those without a maximum, sums: it also gives them as they are.
struct Candidate {
    bool max_pool, sums;
    bool (*fits)(const ConvProblem&);
    ConvProduct (*build)(const ConvProblem&);
};

// The first one that fits is built.
constexpr Candidate candidates[] = {
    {false, false, tiles_fit, build_tiles},
    {false, false, depthwise_image_fits, build_depthwise_image},
    {false, false, depthwise_columns_fit, build_depthwise_columns},
    {false, false, depthwise_fits, build_depthwise},
    {false, false, pixels_fit, build_pixels},
    {false, false, taps_fit, build_taps},
    {false, false, borders_fit, build_borders},
    {false, true, anything_fits, build_matrix},
    {true, false, pooled_pixels_fit, build_pooled_pixels},
    {true, false, pooled_matrix_fits, build_pooled_matrix},
};

}  // namespace

ConvProduct choose_product(const ConvProblem& problem) {
    if (problem.max_pool) require_maximum(problem);
    for (const Candidate& candidate : candidates) {
        if (candidate.max_pool == problem.max_pool && (candidate.sums || !problem.sums()) && candidate.fits(problem))
            return candidate.build(problem);
    }
    throw Error(OCTAVO_INTERNAL, problem.operands.where + ": no product fits");
}

}  // namespace octavo
