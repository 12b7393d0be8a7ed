// MAX_POOL2D, AVG_POOL2D, ADAPTIVE_AVG_POOL2D. A row-major tensor is pooled as N * C images of one channel, a channels-last
// one as N images of C channels, by the same kernels.
#include <algorithm>
#include <limits>
#include <utility>

#include "cpu/isa.h"
#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/split.h"
#include "registry/pool.h"

namespace octavo {
namespace {

constexpr int64_t most_windows = int64_t{1} << 24;  // along a side: each has its entry in a table
constexpr int64_t most_taps = int64_t{1} << 22;     // sums of 9-bit differences stay within 32 bits

// The windows along one axis.
struct Axis {
    std::vector<PoolSpan> spans;
    int64_t size = 0;      // of the input
    int64_t dilation = 1;  // distance of taps
    int64_t stride = 1;
};

struct Pooling {
    Axis rows, columns;
    int64_t planes = 1;    // images a sample
    int64_t channels = 1;  // of an image
    bool batched = true;
    size_t element_bytes = 1;
    int32_t zero_point = 0, zero_y = 0, lo = 0, hi = 0;
    float scale = 1;
    int64_t group_channels = 0;
    int32_t group_fused = 0;
};

// The first longest run of windows with the most taps, one stride apart.
void find_regular(const Axis& axis, PoolRow* row) {
    const std::vector<PoolSpan>& spans = axis.spans;
    int32_t most = 0;
    for (const PoolSpan& span : spans) most = std::max(most, span.taps);
    const int64_t n = static_cast<int64_t>(spans.size());
    row->regular_begin = row->regular_end = 0;
    row->stride = axis.stride;
    for (int64_t i = 0; i < n;) {
        int64_t j = i;
        while (j < n && spans[j].taps == most && spans[j].begin - spans[i].begin == (j - i) * axis.stride) j++;
        if (j - i > row->regular_end - row->regular_begin) {
            row->regular_begin = i;
            row->regular_end = j;
        }
        i = std::max(j, i + 1);
    }
}

class PoolOp : public Op {
public:
    PoolOp(Pooling pooling, const Value& x) : p_(std::move(pooling)), x_(x) {
        const int64_t in_row = p_.columns.size * p_.channels;
        common_.row_stride = p_.rows.dilation * in_row;
        common_.column_stride = p_.columns.dilation * p_.channels;
        common_.spans = p_.columns.spans.data();
        common_.width = static_cast<int64_t>(p_.columns.spans.size());
        find_regular(p_.columns, &common_);
        common_.channels = p_.channels;
        common_.zero_point = p_.zero_point;
        common_.zero_y = p_.zero_y;
        common_.scale = p_.scale;
        common_.lo = p_.lo;
        common_.hi = p_.hi;
        common_.group_channels = p_.group_channels;
        common_.group_fused = p_.group_fused;
    }

    // What is the same for every row; its pointers and rows are unset.
    const PoolRow& row() const { return common_; }
    void use(PoolFunction kernel, std::string name) {
        kernel_ = kernel;
        name_ = std::move(name);
    }

    void run(const RunArgs& args) const noexcept override {
        const int64_t images = samples(p_.batched, args) * p_.planes;
        const int64_t in_row = p_.columns.size * p_.channels, in_image = p_.rows.size * in_row;
        const int64_t out_row = common_.width * p_.channels;
        const int64_t height = static_cast<int64_t>(p_.rows.spans.size());
        const int64_t element = static_cast<int64_t>(p_.element_bytes);
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* y = static_cast<char*>(args.outputs[0]);
        const bool large = static_cast<size_t>(images * in_image * element) > cache_bytes(2) / 2;
        const int64_t cost = ceil_div(in_image, height) * element * 50;  // of a row
        split(images * height, 1, cost, args.threads, [&](int64_t begin, int64_t end) {
            PoolRow row = common_;
            row.x_end = x + images * in_image * element;
            int64_t image = begin / height, o = begin % height;
            for (int64_t i = begin; i < end; i++) {
                const PoolSpan& span = p_.rows.spans[o];
                row.x = x + (image * in_image + span.begin * in_row) * element;
                row.rows = span.taps;
                row.soon_lines = 0;
                if (large && i + 1 < end) {
                    const int64_t seen = bottom(i), lines = (bottom(i + 1) - seen) * in_row * element / 64;
                    row.soon = x + seen * in_row * element;
                    if (lines >= row.width) row.soon_lines = ceil_div(lines, row.width);
                    row.rows_shared = top(i + 1) < seen;
                }
                row.row_divisor = span.divisor;
                row.y = y + i * out_row * element;
                kernel_(row);
                if (++o == height) {
                    o = 0;
                    image++;
                }
            }
        });
    }

    std::string kernel() const override { return name_; }

private:
    // The first row under the windows of output row i and the one after the last, all counted through all images.
    int64_t top(int64_t i) const {
        const int64_t height = static_cast<int64_t>(p_.rows.spans.size());
        return i / height * p_.rows.size + p_.rows.spans[i % height].begin;
    }
    int64_t bottom(int64_t i) const {
        const int64_t height = static_cast<int64_t>(p_.rows.spans.size());
        return top(i) + (p_.rows.spans[i % height].taps - 1) * p_.rows.dilation + 1;
    }

    Pooling p_;
    Operand x_;
    PoolRow common_{};
    PoolFunction kernel_ = nullptr;
    std::string name_;
};

// Output positions of a sliding window, as PyTorch counts them: in ceil mode a last window that would start beyond the input
// and its left padding is dropped.
int64_t output_size(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t after,
                    bool ceil_mode) {
    const int64_t room = in + before + after - dilation * (kernel - 1) - 1;
    if (room < 0) return 0;
    int64_t out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (ceil_mode && (out - 1) * stride >= in + before) out--;
    return out;
}

// axis 0: rows, 1: columns.
Axis sliding(const Checks& checks, const Attributes& d, int axis, int64_t in, int64_t out, bool average) {
    const int64_t kernel = d.kernel[axis], stride = d.stride[axis], dilation = average ? 1 : d.dilation[axis];
    const int64_t before = d.pad[axis], after = d.pad[axis + 2];
    const int64_t expected = output_size(in, kernel, stride, dilation, before, after, d.ceil_mode != 0);
    if (out != expected)
        checks.fail(OCTAVO_SHAPE_MISMATCH, std::string(axis == 0 ? "height" : "width") + " of the output is " +
                                               std::to_string(out) + ", expected " + std::to_string(expected) +
                                               " from an input of " + std::to_string(in));
    Axis result;
    result.size = in;
    result.dilation = dilation;
    result.stride = stride;
    for (int64_t o = 0; o < out; o++) {
        const int64_t start = o * stride - before;
        const int64_t skipped = start < 0 ? ceil_div(-start, dilation) : 0;
        const int64_t taps = std::min(kernel, start < in ? ceil_div(in - start, dilation) : 0) - skipped;
        if (taps < 1)
            checks.fail(OCTAVO_INVALID_ARGUMENT, "a window lies in the padding altogether: kernel " +
                                                     std::to_string(kernel) + ", padding " + std::to_string(before) +
                                                     " and " + std::to_string(after));
        const int64_t counted = d.count_include_pad ? std::min(kernel, in + after - start) : taps;
        result.spans.push_back({static_cast<int32_t>(start + skipped * dilation), static_cast<int32_t>(taps),
                                static_cast<int32_t>(counted)});
    }
    return result;
}

Axis adaptive(int64_t in, int64_t out) {
    Axis result;
    result.size = in;
    result.stride = std::max<int64_t>(in / out, 1);
    for (int64_t o = 0; o < out; o++) {
        const int64_t begin = o * in / out, end = ceil_div((o + 1) * in, out);
        result.spans.push_back(
            {static_cast<int32_t>(begin), static_cast<int32_t>(end - begin), static_cast<int32_t>(end - begin)});
    }
    return result;
}

enum class Kind { max, average, adaptive };

// The kernel, and its name's end.
std::pair<PoolFunction, const char*> choose(const PoolRow& row, bool max, octavo_dtype type, Isa isa) {
    const PoolFewChannelsKernels* few = pool_few_channels_kernels(isa);
    if (max && type != OCTAVO_F32 && few != nullptr && few->fits(row))
        return {type == OCTAVO_U8 ? few->max_u8 : few->max_s8, few->suffix};
    const PoolKernels& k = pool_kernels(isa);
    if (type == OCTAVO_U8) return {max ? k.max_u8 : k.average_u8, k.suffix};
    if (type == OCTAVO_S8) return {max ? k.max_s8 : k.average_s8, k.suffix};
    return {max ? k.max_f32 : k.average_f32, k.suffix};
}

std::unique_ptr<Op> create(const OpDesc& desc, Kind kind, const char* kind_name) {
    const Checks checks(desc, kind_name, 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.rank(x, 4);
    checks.rank(y, 4);
    checks.float_or_codes(x);
    // An average of codes may have a scale of its own.
    const bool own = kind != Kind::max && is_codes(x) && x.dtype == y.dtype && is_codes(y) &&
                     (x.scales[0] != y.scales[0] || x.zero_points[0] != y.zero_points[0]);
    if (!own) checks.same_parameters(x, y);
    checks.same_layout(x, y);
    if (x.dims[0] != y.dims[0] || x.batched != y.batched || x.dims[1] != y.dims[1])
        checks.fail(OCTAVO_SHAPE_MISMATCH,
                    "output " + y.shape_text() + " has another batch or number of channels than " + x.shape_text());
    if (std::max(x.dims[2], x.dims[3]) > INT32_MAX) checks.refuse("an image of " + x.shape_text() + " is too large");
    if (std::max(y.dims[2], y.dims[3]) > most_windows) checks.refuse("an image of " + y.shape_text() + " is too large");
    const Attributes& d = desc.attributes;
    if (kind == Kind::average && (d.dilation[0] != 1 || d.dilation[1] != 1))
        checks.fail(OCTAVO_INVALID_ARGUMENT, "an average has dilation 1");

    Pooling p;
    for (int axis : {0, 1})
        (axis == 0 ? p.rows : p.columns) = kind == Kind::adaptive ? adaptive(x.dims[2 + axis], y.dims[2 + axis])
                                                                  : sliding(checks, d, axis, x.dims[2 + axis],
                                                                            y.dims[2 + axis], kind == Kind::average);
    int64_t taps[2] = {0, 0};
    for (int axis : {0, 1})
        for (const PoolSpan& span : (axis == 0 ? p.rows : p.columns).spans)
            taps[axis] = std::max<int64_t>({taps[axis], span.taps, span.divisor});
    if (kind != Kind::max && taps[0] > most_taps / taps[1])
        checks.refuse("a window of " + std::to_string(taps[0]) + " x " + std::to_string(taps[1]) + " is too large");

    const bool nhwc = x.layout == OCTAVO_NHWC;
    p.batched = x.batched;
    p.planes = x.dims[0] * (nhwc ? 1 : x.dims[1]);
    p.channels = nhwc ? x.dims[1] : 1;
    p.element_bytes = x.element_bytes();
    if (is_codes(x)) {
        p.zero_point = x.zero_points[0];
        p.zero_y = y.zero_points[0];
        if (own) p.scale = std::min(x.scales[0] / y.scales[0], std::numeric_limits<float>::max());
        p.lo = y.code_min;
        p.hi = y.code_max;
        if (kind == Kind::average) p.group_channels = p.channels / 16 * 16;
        // Where the whole groups round before the zero point is added, 16 bits must hold what is rounded.
        if (kind == Kind::adaptive || own) {
            p.group_channels = p.channels / 8 * 8;
            p.group_fused = 1;
        }
        if (!nhwc) p.group_channels = 0;
    }
    // Vectors convert to 32-bit integers, and make the least of those beyond: the definition saturates.
    const Isa isa = 255 * double{p.scale} < 2147000000 ? desc.isa : Isa::scalar;
    auto op = std::make_unique<PoolOp>(std::move(p), x);
    const auto [kernel, suffix] = choose(op->row(), kind == Kind::max, x.dtype, isa);
    op->use(kernel, std::string(kind_name) + "_" + type_name(x.dtype) + (nhwc ? "_nhwc_" : "_nchw_") + suffix);
    return op;
}

}  // namespace

std::unique_ptr<Op> create_max_pool2d(const OpDesc& desc) { return create(desc, Kind::max, "max_pool2d"); }

std::unique_ptr<Op> create_avg_pool2d(const OpDesc& desc) { return create(desc, Kind::average, "avg_pool2d"); }

std::unique_ptr<Op> create_adaptive_avg_pool2d(const OpDesc& desc) {
    return create(desc, Kind::adaptive, "adaptive_avg_pool2d");
}

}  // namespace octavo
