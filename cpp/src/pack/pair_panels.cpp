#include "pack/pair_panels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/sizes.h"
#include "pack/bytes.h"

namespace octavo {

namespace {

// Rows of more chunks are copied run by run: measured faster.
constexpr int32_t most_chunks_in_pieces = 3;

// A piece that takes no byte.
RowPiece nothing(int32_t offset) {
    RowPiece piece = {offset, {}, {}};
    std::fill_n(piece.bytes, 16, uint8_t{128});
    std::fill_n(piece.words, 16, uint8_t{128});
    return piece;
}

}  // namespace

PackedDepth::PackedDepth(const GroupLayout& layout, bool may_span) {
    for (size_t i = 0; i < layout.source.size(); i++) {
        if (layout.source[i] < 0) continue;
        const int32_t offset = layout.offsets[i / 4] + static_cast<int32_t>(i % 4);
        if (runs.empty() || runs.back().offset + runs.back().length != offset) runs.push_back({offset, 0});
        runs.back().length++;
        source.push_back(layout.source[i]);
    }
    chunks = static_cast<int32_t>((source.size() + 15) / 16);
    spans_ = may_span && runs.size() > 1 && layout.pixel_bytes > 0 && layout.pixel_bytes % 16 == 0 &&
             layout.line_bytes % 16 == 0 && std::all_of(runs.begin(), runs.end(), [](const ByteRun& run) {
                 return run.offset >= 0 && run.offset % 16 == 0 && run.length % 16 == 0;
             });
    if (!spans_ && runs.size() > 1 && chunks <= most_chunks_in_pieces) make_pieces();
}

int64_t PackedDepth::reach() const {
    int64_t end = 0;
    for (const ByteRun& run : runs) end = std::max<int64_t>(end, run.offset + run.length);
    return end;
}

int32_t PackedDepth::group_offset(int32_t group) const {
    int32_t packed = 4 * group;
    if (!spans_) return packed;
    for (const ByteRun& run : runs) {
        if (packed < run.length) return run.offset + packed;
        packed -= run.length;
    }
    return 0;
}

void PackedDepth::make_pieces() {
    std::vector<std::vector<RowPiece>> chunked;
    int32_t packed = 0;
    for (const ByteRun& run : runs) {
        for (int32_t at = 0; at < run.length;) {
            // 16 bytes of the run that hold those at `at`, or all that it has.
            const int32_t start = std::max(0, std::min(at, run.length - 16));
            const int32_t to = packed % 16, count = std::min(16 - to, run.length - at);
            RowPiece piece = nothing(run.offset + start);
            for (int32_t i = 0; i < count; i++) piece.bytes[to + i] = static_cast<uint8_t>(at - start + i);
            constexpr int order[] = {0, 2, 1, 3};
            for (int32_t i = 0; i < 16; i++) piece.words[i] = piece.bytes[i / 4 * 4 + order[i % 4]];
            if (to == 0) chunked.emplace_back();
            chunked.back().push_back(piece);
            at += count;
            packed += count;
        }
    }
    for (const auto& chunk : chunked) pieces_a_chunk = std::max(pieces_a_chunk, static_cast<int32_t>(chunk.size()));
    for (auto& chunk : chunked) {
        chunk.resize(static_cast<size_t>(pieces_a_chunk), nothing(runs[0].offset));
        pieces.insert(pieces.end(), chunk.begin(), chunk.end());
    }
}

bool PackedDepth::over_reads() const {
    return runs.size() > 1 && std::any_of(runs.begin(), runs.end(),
                                          [](const ByteRun& run) { return run.length % 16 != 0 && run.length < 64; });
}

namespace {

// Cycles of a group of K for a row and a panel on Zen 4, as measured.
constexpr double form_cost[pairs_forms] = {2.3, 2.05, 1.65};
constexpr double extra_cost = 2.3;

// The sums of positive and of negative weights that 16 bits hold.
struct Bounds {
    explicit Bounds(int a_max) : most(32767 / std::max(a_max, 1)), least(-(32768 / std::max(a_max, 1))) {}
    int most, least;

    // Makes the largest weights of a lane smaller until it holds; `rest` takes what is missing.
    template <size_t n>
    void cap(int8_t* const (&lane)[n], int8_t* const (&rest)[n]) const {
        for (const int sign : {1, -1}) {
            int excess = sign > 0 ? -most : least;
            for (const int8_t* w : lane) excess += std::max(sign * *w, 0);
            while (excess > 0) {
                size_t largest = 0;
                for (size_t i = 1; i < n; i++) {
                    if (sign * *lane[i] > sign * *lane[largest]) largest = i;
                }
                const int moved = std::min({excess, sign * *lane[largest], 127});
                *lane[largest] = static_cast<int8_t>(*lane[largest] - sign * moved);
                *rest[largest] = static_cast<int8_t>(*rest[largest] + sign * moved);
                excess -= moved;
            }
        }
    }
};

// The lanes of `count` (1 or 2) groups: two neighbouring weights of a column in each.
template <size_t count, class Body>
void each_lane(int8_t* w, int64_t columns, const Body& body) {
    const int64_t group = columns * 4;
    for (int64_t i = 0; i < group; i += 2) {
        if constexpr (count == 1) {
            int8_t* const lane[] = {w + i, w + i + 1};
            body(lane, i);
        } else {
            int8_t* const lane[] = {w + i, w + i + 1, w + group + i, w + group + i + 1};
            body(lane, i);
        }
    }
}

// True if all lanes of `count` groups hold.
template <size_t count>
bool all_hold(const int8_t* w, int64_t columns, const Bounds& bounds) {
    int16_t highest = 0, lowest = 0;
    for (int64_t i = 0; i < columns * 2; i++) {
        int16_t high = 0, low = 0;
        for (size_t h = 0; h < count; h++) {
            uint16_t lane;
            std::memcpy(&lane, w + static_cast<int64_t>(h) * columns * 4 + 2 * i, 2);
            const auto a = static_cast<int16_t>(static_cast<int16_t>(static_cast<uint16_t>(lane << 8)) >> 8);
            const auto b = static_cast<int16_t>(static_cast<int16_t>(lane) >> 8);
            high = static_cast<int16_t>(high + std::max<int16_t>(a, 0) + std::max<int16_t>(b, 0));
            low = static_cast<int16_t>(low + std::min<int16_t>(a, 0) + std::min<int16_t>(b, 0));
        }
        highest = std::max(highest, high);
        lowest = std::min(lowest, low);
    }
    return highest <= bounds.most && lowest >= bounds.least;
}

// Null if it takes more than `most` further groups.
template <size_t count>
std::optional<CappedPanel> capped(std::vector<int8_t> bytes, int64_t columns, const Bounds& bounds, double most) {
    const int64_t group = columns * 4;
    const int64_t groups = static_cast<int64_t>(bytes.size()) / group;
    CappedPanel c;
    c.main = std::move(bytes);
    std::vector<int8_t> rest(static_cast<size_t>(group) * count), next(static_cast<size_t>(group));
    for (int64_t g = 0; g < groups; g += count) {
        int8_t* w = c.main.data() + g * group;
        if (all_hold<count>(w, columns, bounds)) continue;
        if (static_cast<double>(c.groups.size()) >= most) return std::nullopt;
        std::fill(rest.begin(), rest.end(), int8_t{0});
        each_lane<count>(w, columns, [&](auto& lane, int64_t i) {
            int8_t* r = rest.data() + i;
            if constexpr (count == 1) {
                bounds.cap(lane, {r, r + 1});
            } else {
                bounds.cap(lane, {r, r + 1, r + group, r + group + 1});
            }
        });
        for (size_t h = 0; h < count; h++) {
            int8_t* r = rest.data() + static_cast<int64_t>(h) * group;
            while (std::any_of(r, r + group, [](int8_t x) { return x != 0; })) {
                std::fill(next.begin(), next.end(), int8_t{0});
                each_lane<1>(r, columns, [&](auto& lane, int64_t i) {
                    bounds.cap(lane, {next.data() + i, next.data() + i + 1});
                });
                c.groups.push_back(static_cast<int32_t>(g + static_cast<int64_t>(h)));
                c.extras.insert(c.extras.end(), r, r + group);
                std::copy(next.begin(), next.end(), r);
            }
        }
    }
    return c;
}

}  // namespace

PairPanels::PairPanels(const PairsRow& row, const std::vector<int32_t>& source, int a_max, bool any_rows,
                       std::optional<PairsForm> form)
    : row_(&row), a_max_(a_max), narrow_(any_rows && row.narrow_for_any_rows), form_(form), source_(source) {
    source_.resize(static_cast<size_t>(4 * PackedDepth::groups_of(source)), -1);
}

void PairPanels::add(const int8_t* weights, int64_t columns, int64_t depth, int64_t output, int64_t a_offset,
                     int group) {
    for (int64_t first = 0; first < columns;) {
        PairPanel panel = {};
        panel.output = output + first;
        panel.column = panels_.empty() ? 0 : panels_.back().column + panels_.back().tile->columns;
        panel.a_offset = static_cast<int32_t>(a_offset);
        panel.group = group;
        const Source source = {weights + first * depth, depth};
        const bool wide = columns - first > row_->narrow.columns;
        choose_form(wide ? row_->wide : row_->narrow, source, columns - first, panel);
        // Fewer columns may do without words.
        if (wide && narrow_ && panel.form == pairs_cross) choose_form(row_->narrow, source, columns - first, panel);
        first += panel.columns;
        panels_.push_back(std::move(panel));
        sources_.push_back(source);
    }
}

// The weights of a panel as groups of bytes, [groups][columns][4].
std::vector<int8_t> PairPanels::grouped(const PairPanel& panel, const Source& source) const {
    const int64_t groups = group_count(), width = panel.tile->columns;
    std::vector<int8_t> bytes(static_cast<size_t>(groups * width * 4));
    pack_groups(source.weights, source.depth, panel.columns, source_.data(), groups, width, bytes.data());
    return bytes;
}

// Chooses tile and form of a panel.
void PairPanels::choose_form(const PairsTile& tile, const Source& source, int64_t columns, PairPanel& panel) const {
    panel.tile = &tile;
    panel.columns = static_cast<int32_t>(std::min<int64_t>(tile.columns, columns));
    panel.form = pairs_cross;
    panel.extras.clear();
    if (form_ == pairs_cross) return;
    const std::vector<int8_t> bytes = grouped(panel, source);
    const int64_t width = tile.columns, groups = group_count();
    const Bounds bounds(a_max_);
    double least = form_cost[pairs_cross] * static_cast<double>(groups);
    for (const PairsForm form : {pairs_bytes, pairs_quads}) {
        if (form_ ? *form_ != form : form_cost[form] * static_cast<double>(groups) >= least) continue;
        const double cost = form_cost[form] * static_cast<double>(groups);
        const double most = form_ ? INFINITY : (least - cost) / extra_cost;
        const std::optional<CappedPanel> c =
            form == pairs_bytes ? capped<1>(bytes, width, bounds, most) : capped<2>(bytes, width, bounds, most);
        if (!c) continue;
        least = cost + extra_cost * static_cast<double>(c->groups.size());
        panel.form = form;
        panel.extras.clear();
        panel.extras = c->groups;
    }
}

size_t PairPanels::panel_bytes(const PairPanel& panel) const {
    const size_t group = static_cast<size_t>(panel.tile->columns) * 4;
    const size_t groups = static_cast<size_t>(group_count()) * group * (panel.form == pairs_cross ? 2 : 1);
    return round_up(group, alignment) + round_up(groups, alignment) + round_up(panel.extras.size() * group, alignment);
}

void PairPanels::finish(const Share& share) {
    size_t bytes = 0;
    for (PairPanel& panel : panels_) {
        panel.offset = bytes;
        bytes += panel_bytes(panel);
    }
    data_ = AlignedArray<std::byte>::uninitialized(bytes);
    share(static_cast<int64_t>(panels_.size()),
          [&](int64_t p) { fill(panels_[static_cast<size_t>(p)], sources_[static_cast<size_t>(p)]); });
    sources_ = {};
}

void PairPanels::fill(const PairPanel& panel, const Source& source) {
    const int64_t width = panel.tile->columns;
    std::vector<int8_t> bytes = grouped(panel, source);
    std::memset(data_.data() + panel.offset, 0, panel_bytes(panel));
    std::byte* const to = data_.data() + panel.offset + round_up(static_cast<size_t>(width) * 4, alignment);
    if (panel.form != pairs_cross) {
        const Bounds bounds(a_max_);
        const CappedPanel c = panel.form == pairs_bytes ? *capped<1>(std::move(bytes), width, bounds, INFINITY)
                                                        : *capped<2>(std::move(bytes), width, bounds, INFINITY);
        std::memcpy(to, c.main.data(), c.main.size());
        if (!c.extras.empty()) std::memcpy(to + round_up(c.main.size(), alignment), c.extras.data(), c.extras.size());
        return;
    }
    auto* terms = reinterpret_cast<int32_t*>(data_.data() + panel.offset);
    auto* words = reinterpret_cast<int16_t*>(to);
    for (int64_t g = 0; g < group_count(); g++, words += 4 * width) {
        const int8_t* w = bytes.data() + g * width * 4;
        for (int64_t j = 0; j < width; j++, w += 4) {
            words[2 * j] = w[1];
            words[2 * j + 1] = w[3];
            words[2 * width + 2 * j] = w[0];
            words[2 * width + 2 * j + 1] = w[2];
            terms[j] = static_cast<int32_t>(static_cast<uint32_t>(terms[j]) -
                                            static_cast<uint32_t>(w[0] * w[1] + w[2] * w[3]));
        }
    }
}

const int32_t* PairPanels::terms(const PairPanel& panel) const {
    return reinterpret_cast<const int32_t*>(data_.data() + panel.offset);
}

const std::byte* PairPanels::weights(const PairPanel& panel) const {
    return data_.data() + panel.offset +
           round_up(static_cast<size_t>(panel.tile->columns) * sizeof(int32_t), alignment);
}

const std::byte* PairPanels::extra_weights(const PairPanel& panel) const {
    return weights(panel) + round_up(static_cast<size_t>(group_count() * panel.tile->columns * 4), alignment);
}

int PairPanels::count(PairsForm form) const {
    return static_cast<int>(
        std::count_if(panels_.begin(), panels_.end(), [&](const PairPanel& p) { return p.form == form; }));
}

std::vector<int64_t> PairPanels::order() const {
    std::vector<int64_t> order;
    for (const PairPanel& panel : panels_) {
        for (int j = 0; j < panel.tile->columns; j++) order.push_back(j < panel.columns ? panel.output + j : -1);
    }
    return order;
}

}  // namespace octavo
