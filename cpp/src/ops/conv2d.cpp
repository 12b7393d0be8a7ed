// Integer convolution in NHWC: checks, the choice of kernel, and lines of output shared among threads.
#include <algorithm>
#include <utility>

#include "base/sizes.h"
#include "cpu/pool.h"
#include "ops/checks.h"
#include "ops/depthwise_product.h"
#include "ops/factories.h"
#include "ops/image_band.h"
#include "ops/matrix_product.h"
#include "ops/packing.h"
#include "ops/pixel_product.h"
#include "ops/pooled_product.h"
#include "ops/rests.h"
#include "ops/splitting.h"
#include "ops/sum_bounds.h"
#include "ops/taps_product.h"
#include "ops/winograd_product.h"
#include "registry/transpose.h"

namespace octavo {
namespace {

constexpr int64_t slack = 64;  // bytes behind a band's copy, at least what any kernel over-reads

struct Description {
    ConvGeometry geometry;
    Activations x;
    DenseWeights weights;  // [O][kh][kw][I / groups]
    StageOperands operands;
};

void require_nhwc(const std::string& where, const Value& value) {
    if (value.dims.size() != 4) shapes_differ(where, value, "four dimensions [N, C, H, W]");
    if (value.layout != OCTAVO_NHWC) {
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    where + ": \"" + value.name + "\" " + value.shape_text() + " must be laid out as NHWC");
    }
}

ConvGeometry geometry_of(const OpDesc& desc, const std::string& where) {
    const Value& x = *desc.inputs[0];
    const Value& w = *desc.inputs[1];
    const Value& y = *desc.outputs[0];
    const Attributes& a = desc.attributes;
    require_nhwc(where, x);
    require_nhwc(where, y);
    if (w.dims.size() != 4) shapes_differ(where, w, "four dimensions [O, I/groups, kh, kw]");
    if (a.groups < 1)
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    where + ": groups is " + std::to_string(a.groups) + ", must be at least 1");
    for (int i = 0; i < 2; i++) {
        if (a.stride[i] < 1 || a.dilation[i] < 1)
            throw Error(OCTAVO_INVALID_ARGUMENT, where + ": stride and dilation must be at least 1");
    }
    for (int i = 0; i < 4; i++) {
        if (a.pad[i] < 0) throw Error(OCTAVO_INVALID_ARGUMENT, where + ": padding must not be negative");
    }
    ConvGeometry g = {};
    g.channels = x.dims[1];
    g.height = x.dims[2];
    g.width = x.dims[3];
    const auto too_large = [&] { return Refusal(where + ": an image of more than 1 GiB"); };
    if (g.height * g.width * g.channels > INT32_MAX / 2) throw too_large();  // no more than the bytes of x
    g.outputs = w.dims[0];
    g.kernel_h = w.dims[2];
    g.kernel_w = w.dims[3];
    g.stride_h = a.stride[0];
    g.stride_w = a.stride[1];
    g.dilation_h = a.dilation[0];
    g.dilation_w = a.dilation[1];
    g.pad_top = a.pad[0];
    g.pad_left = a.pad[1];
    g.pad_bottom = a.pad[2];
    g.pad_right = a.pad[3];
    g.groups = a.groups;
    if (g.channels % g.groups != 0 || g.outputs % g.groups != 0) {
        throw Error(OCTAVO_SHAPE_MISMATCH, where + ": " + std::to_string(g.groups) + " groups do not divide " +
                                               std::to_string(g.channels) + " input and " + std::to_string(g.outputs) +
                                               " output channels");
    }
    if (w.dims[1] != g.channels / g.groups) {
        shapes_differ(where, w,
                      "[O, " + std::to_string(g.channels / g.groups) + ", kh, kw] for an input " + x.shape_text());
    }
    if (a.kernel[0] != g.kernel_h || a.kernel[1] != g.kernel_w) {
        shapes_differ(where, w, "a kernel of " + std::to_string(a.kernel[0]) + " x " + std::to_string(a.kernel[1]));
    }
    if (g.kernel_h * g.kernel_w > 1 << 20) throw Refusal(where + ": the kernel is too large");
    const int64_t reach_h = (g.kernel_h - 1) * g.dilation_h + 1, reach_w = (g.kernel_w - 1) * g.dilation_w + 1;
    const int64_t space_h = g.height + g.pad_top + g.pad_bottom - reach_h,
                  space_w = g.width + g.pad_left + g.pad_right - reach_w;
    if (space_h < 0 || space_w < 0) {
        throw Error(OCTAVO_SHAPE_MISMATCH, where + ": the kernel reaches over " + std::to_string(reach_h) + " x " +
                                               std::to_string(reach_w) + " pixels, more than the padded input " +
                                               x.shape_text());
    }
    g.out_height = space_h / g.stride_h + 1;
    g.out_width = space_w / g.stride_w + 1;
    const auto expect = [&](const Value& value, const ConvGeometry& result) {
        const bool batch_fits = value.batched == x.batched && (x.batched || value.dims[0] == x.dims[0]);
        if (!batch_fits || value.dims[1] != g.outputs || value.dims[2] != result.out_height ||
            value.dims[3] != result.out_width) {
            shapes_differ(where, value,
                          "[" + (x.batched ? std::string("N") : std::to_string(x.dims[0])) + ", " +
                              std::to_string(g.outputs) + ", " + std::to_string(result.out_height) + ", " +
                              std::to_string(result.out_width) + "]");
        }
    };
    if (desc.max_pool) expect(*desc.outputs[1], g);
    expect(y, desc.max_pool ? pooled(g) : g);
    if (desc.inputs.size() > 3 && desc.inputs[3] != nullptr) {
        require_nhwc(where, *desc.inputs[3]);
        expect(*desc.inputs[3], g);
    }
    const int64_t plane = checked_multiply(g.needed_height(g.out_height), g.needed_width());
    if (checked_multiply(plane, g.channels) > INT32_MAX / 2) throw too_large();
    return g;
}

// [O, I, kh, kw] to [O, kh, kw, I * merged]: `merged` channel groups side by side, each output's weights at its own group's
// inputs and weights of value zero (the zero point) elsewhere.
void reorder(DenseWeights& weights, const ConvGeometry& g, int64_t merged, Isa isa, const Share& share) {
    const int64_t inputs = g.channels / g.groups, outputs = g.outputs / g.groups, taps = g.kernel_h * g.kernel_w;
    if (merged == 1 && (taps == 1 || inputs == 1)) return;
    const int64_t depth = taps * inputs * merged;
    const TransposeKernels& transpose = transpose_kernels(isa);
    auto values = AlignedArray<int8_t>::uninitialized(static_cast<size_t>(weights.outputs * depth));
    share(weights.outputs, [&](int64_t n) {
        int8_t* const to = values.data() + n * depth;
        if (merged > 1) std::fill_n(to, depth, static_cast<int8_t>(weights.zero_points[static_cast<size_t>(n)]));
        transpose.bytes(weights.values.data() + n * weights.depth, taps, to + n / outputs % merged * inputs,
                        inputs * merged, inputs, taps);
    });
    weights.values = WeightValues(std::move(values));
    weights.depth = depth;
}

// Groups of K for `channels` consecutive input channels a tap, where a row of the band has `pitch` bytes.
GroupLayout taps_of(const ConvGeometry& g, int64_t pitch, int64_t channels) {
    GroupLayout layout;
    layout.pixel_bytes = g.stride_w * g.channels;
    layout.line_bytes = g.stride_h * pitch;
    const bool dense = channels == g.channels && g.dilation_w == 1;
    for (int64_t ky = 0; ky < g.kernel_h; ky++) {
        const int64_t row = ky * g.dilation_h * pitch, first = ky * g.kernel_w * channels;
        if (dense) {
            layout.add_run(row, first, g.kernel_w * channels);
            continue;
        }
        for (int64_t kx = 0; kx < g.kernel_w; kx++) {
            layout.add_run(row + kx * g.dilation_w * g.channels, first + kx * channels, channels);
        }
    }
    return layout;
}

// The same from the pixel itself instead of its first tap, with the taps of a column together: outer pixels miss whole columns.
GroupLayout columns_of_taps(const ConvGeometry& g, int64_t channels) {
    GroupLayout layout;
    for (int64_t kx = 0; kx < g.kernel_w; kx++) {
        for (int64_t ky = 0; ky < g.kernel_h; ky++) {
            const int64_t pixels = (ky * g.dilation_h - g.pad_top) * g.width + kx * g.dilation_w - g.pad_left;
            layout.add_run(pixels * g.channels, (ky * g.kernel_w + kx) * channels, channels);
        }
    }
    return layout;
}

// Groups with few outputs share a vector: the largest number of them whose outputs fit one.
int64_t groups_to_merge(const ConvGeometry& g, int lanes) {
    const int64_t outputs = g.outputs / g.groups;
    int64_t merged = 1;
    for (int64_t q = 2; q <= g.groups && q * outputs <= lanes; q++) {
        if (g.groups % q == 0) merged = q;
    }
    return merged;
}

class Conv2d : public Op {
public:
    Conv2d(const OpDesc& desc, const std::string& where)
        : geometry_(geometry_of(desc, where)), x_(quantized_input(*desc.inputs[0], where)) {
        const Value& y = *desc.outputs[0];
        if (y.dtype != OCTAVO_U8 && y.dtype != OCTAVO_S8)
            throw Refusal(where + ": an integer convolution gives u8 or s8");
        images_ = desc.inputs[0]->batched ? 0 : desc.inputs[0]->dims[0];
        DenseWeights weights = dense_weights(*desc.inputs[1], where);
        macs_ = checked_product(
            {geometry_.out_height, geometry_.out_width, weights.outputs, weights.depth, std::max<int64_t>(images_, 1)});
        StageOperands operands = {&weights, x_, nullptr, nullptr, &y, &desc.attributes, where, desc.threads};
        if (desc.inputs.size() > 2) operands.bias = desc.inputs[2];
        if (desc.inputs.size() > 3) operands.residual = desc.inputs[3];
        residual_input_ = operands.residual != nullptr ? 3 : -1;
        require_32_bit_sums(operands);
        steps_fit_ = steps_fit_32_bits(operands);
        const Isa isa = steps_fit_ ? desc.isa : Isa::scalar;
        band_kernels_ = &band_row(isa);
        if (desc.max_pool) {
            if (!steps_fit_) throw Refusal(where + ": " + steps_do_not_fit);
            // From here on the windows are those of the maxima; only the taps are the convolution's.
            convolution_ = std::exchange(geometry_, pooled(geometry_));
            copies_ = x_.flip || geometry_.padded();
            product_ = choose_pooled(isa, weights, operands);
            alone_ = split_of(1, 1);
            return;
        }
        copies_ = !by_tiles(isa, weights) && (x_.flip || (geometry_.padded() && !by_columns(isa, weights, operands) &&
                                                          !by_borders(isa, weights, operands)));
        one_line_ = geometry_.pointwise();
        // The first answer may over-read, which only a copy allows: then the offsets are those of the copy.
        const DenseWeights given = weights;
        product_ = choose(isa, weights, operands);
        if (!copies_ && product_->over_read() > 0) {
            copies_ = true;
            weights = given;
            product_ = choose(isa, weights, operands);
        }
        alone_ = split_of(1, 1);
    }

    void run(const RunArgs& args) const noexcept override {
        const ConvGeometry& g = geometry_;
        const Split split = split_of(args.batch, args.threads);
        const auto* x = static_cast<const uint8_t*>(args.inputs[0]);
        auto* y = static_cast<uint8_t*>(args.outputs[0]);
        const auto* residual =
            residual_input_ < 0 ? nullptr : static_cast<const uint8_t*>(args.inputs[residual_input_]);
        const int64_t image_results = g.out_height * g.out_width * g.outputs;
        const auto work = [&](int64_t item, int worker) {
            std::byte* scratch = static_cast<std::byte*>(args.scratch) + static_cast<size_t>(worker) * split.scratch;
            const int64_t share = item % split.shares, from = item / split.shares * split.bands_an_item;
            const int64_t parts = product_->parts();
            for (int64_t b = from; b < std::min(split.bands, from + split.bands_an_item); b++) {
                const int64_t image = b / split.bands_an_image, band_of_image = b % split.bands_an_image;
                const int64_t first = first_line(split, band_of_image);
                Lines lines = {};
                lines.first = copies_ ? 0 : first;
                lines.lines = first_line(split, band_of_image + 1) - first;
                lines.pixels = g.out_width;
                lines.pixel_bytes = g.stride_w * g.channels;
                lines.line_bytes = g.stride_h * pitch();
                lines.c = y + image * image_results + first * g.out_width * g.outputs;
                if (residual != nullptr)
                    lines.residual = residual + image * image_results + first * g.out_width * g.outputs;
                lines.scratch = scratch;
                const uint8_t* pixels = x + image * g.height * g.width * g.channels;
                if (copies_) {
                    auto* band = reinterpret_cast<uint8_t*>(scratch + split.band_at);
                    copy_band(*band_kernels_, g, pixels, first, lines.lines, static_cast<uint8_t>(x_.zero_point),
                              x_.flip, band, pitch());
                    rests_.fill(band, lines.lines);
                    lines.a = band;
                } else {
                    lines.a = pixels + first * lines.line_bytes;
                }
                if (one_line_) {
                    lines.pixels *= lines.lines;
                    lines.lines = 1;
                }
                product_->run(lines, parts * share / split.shares, parts * (share + 1) / split.shares);
            }
        };
        if (split.items == 1) {
            work(0, 0);
        } else {
            parallel_for(split.items, args.threads, work);
        }
    }

    size_t scratch_bytes(int64_t batch, int threads) const override {
        const Split split = split_of(batch, threads);
        return split.scratch * static_cast<size_t>(split.items == 1 ? 1 : std::max(threads, 1));
    }
    std::string kernel() const override { return "conv2d_" + product_->kernel(); }
    std::string reason() const override { return steps_fit_ ? product_->reason() : steps_do_not_fit; }
    int64_t weight_bytes() const override { return product_->weight_bytes(); }
    int64_t macs() const override { return macs_; }

private:
    struct Split {
        int64_t lines;  // of a band, at most
        int64_t bands_an_image, bands;
        int64_t shares;  // of the panels of output channels, each with the same bands
        int64_t bands_an_item, items;
        size_t band_at;  // in a worker's scratch, behind the product's own
        size_t scratch;  // bytes of a worker
    };

    int64_t pitch() const {
        if (rests_.any()) return rests_.pitch();
        return (copies_ ? geometry_.needed_width() : geometry_.width) * geometry_.channels;
    }

    // Lines of the output that are not taken apart: how many there are of them, and where a band of them begins.
    int64_t line_groups() const { return ceil_div(geometry_.out_height, product_->lines_together()); }
    int64_t first_line(const Split& split, int64_t band) const {
        return std::min(geometry_.out_height, line_groups() * band / split.bands_an_image * product_->lines_together());
    }

    Split split_of(int64_t batch, int threads) const {
        const ConvGeometry& g = geometry_;
        const int64_t images = images_ > 0 ? images_ : batch;
        if (threads <= 1 && alone_.lines > 0) {
            Split split = alone_;
            split.bands = split.bands_an_item = images * split.bands_an_image;
            return split;
        }
        const int64_t image_macs = macs_ / std::max<int64_t>(images_, 1);
        int64_t wanted = pieces_worth(static_cast<double>(images * image_macs) / product_->macs_per_ns(), threads);
        Split split = {};
        // Of image and weights the smaller one is read by all threads. Lines that stay together are prepared by each share anew: only
        // one a thread, and where weights do not stay in L2 or lines cannot be shared out evenly.
        const bool together = product_->lines_together() > 1;
        const int64_t pieces = together ? threads : ceil_div(wanted, std::max<int64_t>(images, 1));
        const bool by_weights =
            images < wanted && !copies_ &&
            (together ? weight_bytes() > static_cast<int64_t>(cache_bytes(2)) || line_groups() % threads != 0
                      : weight_bytes() > g.height * g.width * g.channels);
        split.shares = by_weights ? even_shares(product_->parts(), pieces, threads) : 1;
        if (split.shares > 1) wanted = 1;
        int64_t bands = wanted <= images ? 1 : std::min(line_groups(), ceil_div(wanted, std::max<int64_t>(images, 1)));
        if (copies_ || product_->parts() > 1) {
            // A band, or its copy, should still be in L2 when it is read again.
            const int64_t most = static_cast<int64_t>(cache_bytes(2) / 2);
            const int64_t line = g.stride_h * pitch();
            bands = std::max(bands, std::min(line_groups(), ceil_div(g.out_height * line, most)));
        }
        split.lines = ceil_div(line_groups(), bands) * product_->lines_together();
        split.bands_an_image = bands;
        split.bands = images * split.bands_an_image;
        split.bands_an_item = std::max<int64_t>(1, split.bands / std::max<int64_t>(1, std::min(wanted, split.bands)));
        split.items = std::max<int64_t>(1, ceil_div(split.bands, split.bands_an_item)) * split.shares;
        split.band_at = round_up(product_->scratch_bytes(split.lines * g.out_width), alignment);
        split.scratch = split.band_at;
        if (copies_) {
            const int64_t band = g.needed_height(split.lines) * pitch();
            split.scratch += round_up(static_cast<size_t>(band + slack), alignment);
        }
        return split;
    }

    bool depthwise(const DenseWeights& weights, const StageOperands& operands) const {
        const ConvGeometry& g = geometry_;
        return operands.residual == nullptr && !weights.has_zero_points() && g.groups == g.channels &&
               g.outputs == g.channels && g.channels >= 8;
    }
    // Products of transformed tiles, which pad and flip by themselves.
    bool by_tiles(Isa isa, const DenseWeights& weights) const {
        const WinogradRow* row = winograd_row(isa, geometry_.outputs);
        return row != nullptr && WinogradProduct::fits(geometry_, weights, x_.code_max) &&
               WinogradProduct::pays(*row, geometry_);
    }
    // Depthwise with a kernel that pads by itself.
    bool by_columns(Isa isa, const DenseWeights& weights, const StageOperands& operands) const {
        return depthwise(weights, operands) && DepthwiseColumnsProduct::fits(depthwise_row(isa), geometry_);
    }

    // Padded, with a kernel that leaves out what is outside of the image.
    bool by_borders(Isa isa, const DenseWeights& weights, const StageOperands& operands) const {
        return geometry_.padded() && !depthwise(weights, operands) && !weights.has_zero_points() && has_borders(isa) &&
               channels_together(isa) % 4 == 0 && Borders::fit(geometry_);
    }
    // Input channels that a panel of weights meets at a tap.
    int64_t channels_together(Isa isa) const {
        return geometry_.channels / geometry_.groups * groups_to_merge(geometry_, product_rate(isa).lanes);
    }

    std::unique_ptr<LineProduct> choose(Isa isa, DenseWeights& weights, const StageOperands& operands) {
        const ConvGeometry& g = geometry_;
        const ProductRate rate = product_rate(isa);
        const bool plain = operands.residual == nullptr && !weights.has_zero_points();
        if (by_tiles(isa, weights)) {
            reorder(weights, g, 1, isa, packing_threads(operands));
            return std::make_unique<WinogradProduct>(*winograd_row(isa, geometry_.outputs), g, operands);
        }
        if (by_columns(isa, weights, operands)) {
            reorder(weights, g, 1, isa, packing_threads(operands));
            const DepthwiseRow& row = depthwise_row(isa);
            const DepthwiseImage* image = copies_ ? nullptr : DepthwiseImageProduct::kernel_for(row, g);
            if (image != nullptr) return std::make_unique<DepthwiseImageProduct>(row, *image, g, operands);
            return std::make_unique<DepthwiseColumnsProduct>(row, copies_ ? copied(g) : g, operands);
        }
        if (depthwise(weights, operands)) {
            reorder(weights, g, 1, isa, packing_threads(operands));
            std::vector<int32_t> offsets;
            for (int64_t ky = 0; ky < g.kernel_h; ky++) {
                for (int64_t kx = 0; kx < g.kernel_w; kx++) {
                    offsets.push_back(
                        static_cast<int32_t>(ky * g.dilation_h * pitch() + kx * g.dilation_w * g.channels));
                }
            }
            return std::make_unique<DepthwiseProduct>(depthwise_row(isa), std::move(offsets), operands);
        }
        const ConvLineRow* line = conv_line_row(isa);
        if (plain && line != nullptr && g.groups == 1 && g.outputs <= conv_line_outputs &&
            g.channels * g.stride_w <= conv_line_pixel_stride && g.out_width >= 8) {
            reorder(weights, g, 1, isa, packing_threads(operands));
            return std::make_unique<PixelProduct>(*line, taps_of(g, pitch(), g.channels), operands,
                                                  g.channels * g.stride_w, rate.macs_per_ns / 2);
        }
        const int64_t inputs = channels_together(isa), groups = g.channels / inputs;
        const bool borders = !copies_ && g.padded();
        reorder(weights, g, g.groups / groups, isa, packing_threads(operands));
        // Packed rows have no gaps anyway.
        if (g.groups == 1 && !borders && pairs_row(isa) == nullptr)
            rests_ = Rests(*band_kernels_, g, g.needed_width(), 1, rate.lanes, copies_);
        copies_ = copies_ || rests_.any();
        auto layout = borders ? columns_of_taps(g, inputs) : rests_.any() ? rests_.taps() : taps_of(g, pitch(), inputs);
        const TapsRow* taps = taps_row(isa);
        if (borders && taps != nullptr && TapsProduct::fits(*taps, g, inputs))
            return std::make_unique<TapsProduct>(*taps, layout, operands, static_cast<int>(groups), inputs, g);
        const int64_t width = g.pointwise() ? g.out_width * g.out_height : g.out_width;
        return matrix_product(isa, std::move(layout), operands, static_cast<int>(groups), inputs, width,
                              borders ? &g : nullptr);
    }

    // With the maximum over 2 x 2 pixels.
    std::unique_ptr<LineProduct> choose_pooled(Isa isa, DenseWeights& weights, const StageOperands& operands) {
        const ConvGeometry& g = convolution_;
        const auto refuse = [&](const std::string& why) { return Refusal(operands.where + ": " + why); };
        if (operands.residual != nullptr || weights.has_zero_points() || g.groups > 1)
            throw refuse("no kernel takes the maximum with a residual, weight zero points or groups");
        const ConvLineRow* line = conv_line_row(isa);
        const ConvPoolRow* tiles = conv_pool_row(isa);
        const int64_t pixel_bytes = g.channels * g.stride_w;
        const bool few = line != nullptr && g.outputs <= conv_line_outputs && pixel_bytes <= conv_line_pixel_stride &&
                         geometry_.out_width >= 4;
        if (!few && tiles == nullptr) throw refuse("no kernel of " + std::string(isa_name(isa)) + " takes the maximum");
        if (g.channels >= 8 && g.padded()) throw refuse("of so many channels the taps beyond the border are skipped");
        reorder(weights, g, 1, isa, packing_threads(operands));
        if (few) {
            copies_ = true;  // the kernel over-reads
            return std::make_unique<PixelProduct>(*line, taps_of(g, pitch(), g.channels), operands, pixel_bytes,
                                                  gemm_row(isa).macs_per_ns / 2, g.stride_h * pitch());
        }
        rests_ = Rests(*band_kernels_, g, geometry_.needed_width(), 2, gemm_row(isa).lanes, copies_);
        copies_ = copies_ || rests_.any();
        auto layout = rests_.any() ? rests_.taps() : taps_of(g, pitch(), g.channels);
        if (layout.over_read > 0 && !copies_) {
            copies_ = true;
            layout = taps_of(g, pitch(), g.channels);
        }
        return std::make_unique<PooledProduct>(*tiles, std::move(layout), operands, pixel_bytes, g.stride_h * pitch());
    }

    ConvGeometry geometry_;
    ConvGeometry convolution_ = {};  // before the maximum, where that is taken too
    Activations x_;
    int64_t images_ = 0;  // fixed number; 0: the batch of the run
    int64_t macs_ = 0;
    int residual_input_ = -1;
    bool copies_ = false, steps_fit_ = true;
    Split alone_ = {};  // of an image, on one thread
    const BandRow* band_kernels_ = nullptr;
    Rests rests_;            // of a copy
    bool one_line_ = false;  // all pixels of all lines are evenly spaced
    std::unique_ptr<LineProduct> product_;
};

}  // namespace

std::unique_ptr<Op> create_conv2d(const OpDesc& desc) {
    const std::string where = "conv2d \"" + desc.name + "\"";
    if (desc.inputs.size() < 2 || desc.inputs[0] == nullptr || desc.inputs[1] == nullptr || desc.outputs.empty() ||
        desc.outputs[0] == nullptr) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": needs an input, a weight and an output");
    }
    if (desc.inputs[0]->dtype == OCTAVO_F32) throw Refusal(where + ": Octavo has no float convolution of its own");
    return std::make_unique<Conv2d>(desc, where);
}

}  // namespace octavo
