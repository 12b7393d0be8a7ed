// QUANTIZE and DEQUANTIZE. Where the layouts differ, a tile goes through a buffer on the stack: codes are transposed, one byte
// each, never floats.
#include <algorithm>

#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/movement.h"
#include "ops/split.h"
#include "registry/pixels.h"
#include "registry/quantize.h"
#include "registry/transpose.h"

namespace octavo {
namespace {

constexpr int64_t tile_rows = 64, tile_columns = 256;

class QuantizeOp : public Op {
public:
    QuantizeOp(const Value& x, const Value& y, bool quotient, Isa isa)
        : x_(x), move_(movement(x, x.layout != y.layout)), batched_(x.batched), transpose_(transpose_kernels(isa)) {
        const bool is_signed = y.dtype == OCTAVO_S8;
        const QuantizeKernels& kernels = quantize_kernels(isa);
        const PixelsKernels& pixels = pixels_kernels(isa);
        if (quotient) {
            run_ = is_signed ? kernels.quotient_s8 : kernels.quotient_u8;
            pixels_ = is_signed ? pixels.quotient_s8 : pixels.quotient_u8;
        } else {
            run_ = is_signed ? kernels.fused_s8 : kernels.fused_u8;
            pixels_ = is_signed ? pixels.s8 : pixels.u8;
        }
        constants_.inverse = quotient ? y.scales[0] : 1.0f / y.scales[0];
        constants_.zero_point = y.zero_points[0];
        constants_.lo = y.code_min;
        constants_.hi = y.code_max;
        name_ = std::string("quantize_") + type_name(y.dtype) + move_.suffix() + "_" +
                (interleaves() ? pixels.suffix : kernels.suffix);
    }

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        uint8_t* y = static_cast<uint8_t*>(args.outputs[0]);
        const int64_t count = samples(batched_, args) * move_.images;
        if (!move_.transposed)
            split(count * move_.columns, 64, 100, args.threads,
                  [&](int64_t begin, int64_t end) { quantize(x + begin, y + begin, end - begin); });
        else if (interleaves())
            interleave(x, y, count, args.threads);
        else
            transpose(x, y, count, args.threads);
    }

    std::string kernel() const override { return name_; }

private:
    bool interleaves() const { return move_.from_planes && move_.rows <= 4; }

    void quantize(const float* x, uint8_t* y, int64_t n) const {
        QuantizeRun p = constants_;
        p.x = x;
        p.y = y;
        p.n = n;
        run_(p);
    }

    // 2 to 4 planes to pixels.
    void interleave(const float* x, uint8_t* y, int64_t count, int threads) const {
        const int64_t channels = move_.rows, pixels = move_.columns, blocks = ceil_div(pixels, block);
        split(count * blocks, 1, ceil_div(pixels * channels, blocks) * 100, threads, [&](int64_t begin, int64_t end) {
            while (begin < end) {
                // All blocks of an image in one call.
                const int64_t image = begin / blocks, first = begin % blocks;
                const int64_t last = std::min(blocks, first + end - begin);
                QuantizePixels p{};
                p.x = x + image * channels * pixels + first * block;
                p.plane_stride = pixels;
                p.y = y + (image * pixels + first * block) * channels;
                p.pixels = std::min(pixels, last * block) - first * block;
                p.channels = channels;
                p.inverse = constants_.inverse;
                p.zero_point = constants_.zero_point;
                p.lo = constants_.lo;
                p.hi = constants_.hi;
                pixels_(p);
                begin += last - first;
            }
        });
    }

    void transpose(const float* x, uint8_t* y, int64_t count, int threads) const {
        const int64_t rows = move_.rows, columns = move_.columns, image = rows * columns;
        const int64_t down = ceil_div(rows, tile_rows), across = ceil_div(columns, tile_columns);
        split(count * down * across, 1, ceil_div(image, down * across) * 170, threads, [&](int64_t begin, int64_t end) {
            alignas(64) uint8_t tile[tile_rows * tile_columns];
            for (int64_t i = begin; i < end; i++) {
                const int64_t row = i / across % down * tile_rows, column = i % across * tile_columns;
                const int64_t height = std::min(tile_rows, rows - row),
                              width = std::min(tile_columns, columns - column);
                const float* from = x + i / (down * across) * image + row * columns + column;
                for (int64_t r = 0; r < height; r++) quantize(from + r * columns, tile + r * tile_columns, width);
                uint8_t* to = y + i / (down * across) * image + column * rows + row;
                transpose_.bytes(tile, tile_columns, to, rows, height, width);
            }
        });
    }

    static constexpr int64_t block = 1024;  // pixels

    Operand x_;
    Movement move_;
    bool batched_;
    const TransposeKernels& transpose_;
    void (*run_)(const QuantizeRun&);
    void (*pixels_)(const QuantizePixels&);
    QuantizeRun constants_{};
    std::string name_;
};

class DequantizeOp : public Op {
public:
    DequantizeOp(const Value& x, const Value& y, Isa isa)
        : x_(x),
          move_(movement(x, x.layout != y.layout)),
          batched_(x.batched),
          scale_(x.scales[0]),
          zero_point_(x.zero_points[0]),
          transpose_(transpose_kernels(isa)) {
        const QuantizeKernels& kernels = quantize_kernels(isa);
        run_ = x.dtype == OCTAVO_S8 ? kernels.dequantize_s8 : kernels.dequantize_u8;
        name_ = std::string("dequantize_") + type_name(x.dtype) + move_.suffix() + "_" + kernels.suffix;
    }

    void run(const RunArgs& args) const noexcept override {
        const uint8_t* x = static_cast<const uint8_t*>(x_.at(args.inputs[0]));
        float* y = static_cast<float*>(args.outputs[0]);
        const int64_t count = samples(batched_, args) * move_.images;
        if (!move_.transposed) {
            split(count * move_.columns, 64, 100, args.threads,
                  [&](int64_t begin, int64_t end) { decode(x + begin, y + begin, end - begin); });
            return;
        }
        const int64_t rows = move_.rows, columns = move_.columns, image = rows * columns;
        const int64_t down = ceil_div(rows, tile_columns), across = ceil_div(columns, tile_rows);
        split(count * down * across, 1, ceil_div(image, down * across) * 170, args.threads,
              [&](int64_t begin, int64_t end) {
                  alignas(64) uint8_t tile[tile_rows * tile_columns];
                  for (int64_t i = begin; i < end; i++) {
                      const int64_t row = i / across % down * tile_columns, column = i % across * tile_rows;
                      const int64_t height = std::min(tile_columns, rows - row),
                                    width = std::min(tile_rows, columns - column);
                      const uint8_t* from = x + i / (down * across) * image + row * columns + column;
                      transpose_.bytes(from, columns, tile, tile_columns, height, width);
                      float* to = y + i / (down * across) * image + column * rows + row;
                      for (int64_t c = 0; c < width; c++) decode(tile + c * tile_columns, to + c * rows, height);
                  }
              });
    }

    std::string kernel() const override { return name_; }

private:
    void decode(const uint8_t* x, float* y, int64_t n) const { run_({x, y, n, scale_, zero_point_}); }

    Operand x_;
    Movement move_;
    bool batched_;
    float scale_;
    int32_t zero_point_;
    const TransposeKernels& transpose_;
    void (*run_)(const DequantizeRun&);
    std::string name_;
};

}  // namespace

std::unique_ptr<Op> create_quantize(const OpDesc& desc) {
    const Checks checks(desc, "quantize", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    if (x.dtype != OCTAVO_F32 || !is_codes(y))
        checks.refuse(std::string("runs from f32 to u8 or s8 with one scale, found ") + type_name(x.dtype) + " to " +
                      type_name(y.dtype) + " with " + std::to_string(y.scales.size()));
    return std::make_unique<QuantizeOp>(x, y, desc.attributes.quotient != 0, desc.isa);
}

std::unique_ptr<Op> create_dequantize(const OpDesc& desc) {
    const Checks checks(desc, "dequantize", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    if (y.dtype != OCTAVO_F32 || !is_codes(x))
        checks.refuse(std::string("runs from u8 or s8 with one scale to f32, found ") + type_name(x.dtype) + " with " +
                      std::to_string(x.scales.size()) + " to " + type_name(y.dtype));
    return std::make_unique<DequantizeOp>(x, y, desc.isa);
}

}  // namespace octavo
