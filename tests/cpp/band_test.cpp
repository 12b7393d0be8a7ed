// Family band: every copy and every plane of rests against the scalar definition, with nothing written beside the copies.
#include <gtest/gtest.h>

#include <cstring>

#include "ops/rests.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/guarded_buffer.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

TEST(Band, CopiesEqualScalarAndLeaveTheRest) {
    Coverage coverage("band");
    Sweep(600).run([&](Random& random) {
        BandArgs args = {};
        args.rows = random.integer(1, 5);
        args.left = random.integer(0, random.chance(0.2) ? 150 : 9);
        args.bytes = random.size_around(64, 200);
        args.right = random.integer(0, random.chance(0.2) ? 150 : 9);
        const int64_t width = args.left + args.bytes + args.right;
        args.from_pitch = args.bytes + random.integer(0, 3);
        args.pitch = width + random.integer(0, 70);
        args.padding = static_cast<uint8_t>(random.integer(0, 255));
        args.flip = random.chance(0.5) ? 0x80 : 0;
        const size_t from_bytes = static_cast<size_t>((args.rows - 1) * args.from_pitch + args.bytes);
        const Guard guard = random.chance(0.5) ? Guard::after : Guard::before;
        const GuardedBuffer<uint8_t> from(random.codes<uint8_t>(from_bytes, 0, 255, false), guard);
        args.from = from.data();
        const auto result = [&](const BandRow& row) {
            GuardedBuffer<uint8_t> to(static_cast<size_t>((args.rows - 1) * args.pitch + width), guard);
            std::memset(to.data(), 0x5A, to.copy().size());
            args.to = to.data();
            row.copy(args);
            return to.copy();
        };
        const std::vector<uint8_t> expected = result(band_scalar);
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(result(band_row(isa)), expected)) << isa_name(isa) << " width " << width;
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Band, RestsEqualScalarWhereThePlanesHaveBytes) {
    Coverage coverage("rests");
    Sweep(600).run([&](Random& random) {
        RestArgs args = {};
        const int64_t pixel = random.integer(1, 14);
        args.step = 64 / pixel * pixel;
        args.steps = random.integer(1, 4);
        const int64_t planes = random.integer(1, 3), plane_bytes = rest_plane_bytes(args.steps, args.step);
        std::vector<RestPiece> pieces;
        std::vector<uint64_t> bytes(static_cast<size_t>(planes), 0);
        const int64_t furthest = 40;
        args.lines = random.integer(1, 4);
        args.pitch = planes * plane_bytes + random.integer(0, 20);
        for (int64_t plane = 0; plane < planes; plane++) {
            for (int64_t i = random.integer(1, 4); i > 0; i--) {
                const uint64_t bits = static_cast<uint64_t>(random.integer(0, UINT32_MAX)) << 32 |
                                      static_cast<uint64_t>(random.integer(0, UINT32_MAX));
                const uint64_t some = bits & ((uint64_t{2} << (args.step - 1)) - 1);
                pieces.push_back({random.integer(0, furthest), some, plane});
                bytes[static_cast<size_t>(plane)] |= some;
            }
        }
        args.pieces = pieces.data();
        args.count = static_cast<int64_t>(pieces.size());
        const GuardedBuffer<uint8_t> line(random.codes<uint8_t>(
            static_cast<size_t>((args.lines - 1) * args.pitch + furthest + plane_bytes), 0, 255, false));
        args.line = line.data();
        const auto result = [&](const BandRow& row) {
            GuardedBuffer<uint8_t> to(static_cast<size_t>((args.lines - 1) * args.pitch + planes * plane_bytes));
            args.to = to.data();
            row.rests(args);
            std::vector<uint8_t> used;
            for (int64_t i = 0; i < args.lines * planes * args.steps * args.step; i++) {
                const int64_t byte = i % (args.steps * args.step), plane = i / (args.steps * args.step) % planes,
                              line = i / (args.steps * args.step) / planes;
                const bool wanted = bytes[static_cast<size_t>(plane)] >> (byte % args.step) & 1;
                used.push_back(wanted ? to.data()[line * args.pitch + plane * plane_bytes + byte] : uint8_t{0});
            }
            return used;
        };
        const std::vector<uint8_t> expected = result(band_scalar);
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(result(band_row(isa)), expected)) << isa_name(isa);
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Band, RestsSaveGroups) {
    const auto groups = [](int64_t channels, int64_t kernel, int64_t stride, int64_t outputs) {
        ConvGeometry g = {};
        g.channels = channels;
        g.kernel_h = g.kernel_w = kernel;
        g.stride_h = g.stride_w = stride;
        g.dilation_h = g.dilation_w = 1;
        g.outputs = outputs;
        g.out_height = g.out_width = 16;
        const Rests rests(band_avx512, g, g.needed_width(), 1, 16, true);
        return rests.any() ? rests.taps().groups() : -1;
    };
    EXPECT_EQ(groups(3, 3, 1, 16), 7);
    EXPECT_EQ(groups(3, 7, 2, 64), 37);
    EXPECT_EQ(groups(6, 5, 1, 64), 38);
    EXPECT_EQ(groups(3, 5, 1, 64), -1) << "three bytes a row and three bytes from pixel to pixel: nothing to gain";
    EXPECT_EQ(groups(4, 3, 1, 16), -1) << "no rest";
    EXPECT_EQ(groups(1, 3, 1, 16), -1) << "no whole group";
}

}  // namespace
}  // namespace octavo::test
