#include "ops/broadcast.h"

#include <cstring>

#include "ops/memory_order.h"

namespace octavo {
namespace {

// Of each logical dimension of y: elements of x from one index to the next, 0 where x has one for all.
std::vector<int64_t> broadcast_strides(const Checks& checks, const Value& x, const Value& y) {
    const size_t rank = y.dims.size(), missing = rank - x.dims.size();
    const std::string what = "\"" + x.name + "\" has shape " + x.shape_text() + ", which is not broadcast to " +
                             y.shape_text() + " of \"" + y.name + "\"";
    if (x.dims.size() > rank) checks.fail(OCTAVO_SHAPE_MISMATCH, what);
    if (x.batched && (!y.batched || missing > 0))
        checks.fail(OCTAVO_SHAPE_MISMATCH, what + ": the batch is the first dimension of both");
    const std::vector<int64_t> own = memory_strides(x);
    std::vector<int64_t> strides(rank, 0);
    for (size_t i = 0; i < x.dims.size(); i++) {
        const bool batch = x.batched && i == 0;
        if (x.dims[i] != y.dims[missing + i] && x.dims[i] != 1) checks.fail(OCTAVO_SHAPE_MISMATCH, what);
        if (batch || x.dims[i] != 1) strides[missing + i] = own[i];
    }
    if (y.batched && !x.batched && missing == 0 && x.dims[0] != 1) checks.fail(OCTAVO_SHAPE_MISMATCH, what);
    return strides;
}

// One element n times.
void repeat(const char* from, int64_t element, int64_t n, char* to) {
    std::memcpy(to, from, static_cast<size_t>(element));
    for (int64_t done = 1; done < n; done *= 2)
        std::memcpy(to + done * element, to, static_cast<size_t>(std::min(done, n - done) * element));
}

template <class T>
void gather(const char* from, int64_t stride, int64_t n, char* to) {
    for (int64_t i = 0; i < n; i++) std::memcpy(to + i * sizeof(T), from + i * stride * sizeof(T), sizeof(T));
}

void copy_row(const char* from, int64_t stride, int64_t element, int64_t n, char* to) {
    if (stride == 1)
        std::memcpy(to, from, static_cast<size_t>(n * element));
    else if (stride == 0)
        repeat(from, element, n, to);
    else if (element == 1)
        gather<uint8_t>(from, stride, n, to);
    else if (element == 4)
        gather<uint32_t>(from, stride, n, to);
    else
        gather<uint64_t>(from, stride, n, to);
}

}  // namespace

Broadcast::Broadcast(const Checks& checks, int count, const Value& y)
    : batched_(y.batched), elements_(y.elements()), widest_(static_cast<int64_t>(y.element_bytes())) {
    const MemoryOrder order = memory_order(y);
    std::vector<std::vector<int64_t>> strides;
    std::vector<bool> reached(y.dims.size());
    for (int o = 0; o < count; o++) {
        const Value& x = checks.input(o);
        strides.push_back(broadcast_strides(checks, x, y));
        operands_.push_back({Operand(x), static_cast<int64_t>(x.element_bytes()), {}, 0});
        widest_ = std::max(widest_, operands_.back().element);
        for (size_t i = 0; i < x.dims.size(); i++) {
            const size_t d = y.dims.size() - x.dims.size() + i;
            reached[d] = reached[d] || x.dims[i] == y.dims[d];
        }
    }
    for (size_t d = 0; d < y.dims.size(); d++) {
        if (!reached[d] && y.dims[d] != 1)
            checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", but dimension " +
                                                   std::to_string(d) + " is 1 in all inputs");
    }
    for (size_t place = 0; place < order.dims.size(); place++) {
        const int axis = order.axes[place];
        const bool batch = batched_ && place == 0;
        if (order.dims[place] == 1 && !batch) continue;
        // Goes on where the dimension before it leaves off, in all operands.
        bool joins = !sizes_.empty();
        for (int o = 0; o < count && joins; o++)
            joins = operands_[o].strides.back() == strides[o][axis] * order.dims[place];
        if (joins)
            sizes_.back() *= order.dims[place];
        else
            sizes_.push_back(order.dims[place]);
        for (int o = 0; o < count; o++) {
            if (joins)
                operands_[o].strides.back() = strides[o][axis];
            else
                operands_[o].strides.push_back(strides[o][axis]);
        }
    }
    if (sizes_.empty()) {
        sizes_.push_back(1);
        for (Strided& operand : operands_) operand.strides.push_back(1);
    }
    for (Strided& operand : operands_) {
        int64_t next = 1;  // stride that goes on from the dimensions behind
        size_t d = sizes_.size();
        while (d > 0 && operand.strides[d - 1] == next) next *= sizes_[--d];
        operand.run = d == 0 ? 0 : next;
    }
}

int64_t Broadcast::bytes() const {
    int64_t bytes = 0;
    for (const Strided& operand : operands_) bytes += static_cast<int64_t>(operand.memory.bytes());
    return bytes;
}

Broadcast::Cursor Broadcast::cursor(int64_t inner, int64_t place) const {
    Cursor cursor;
    cursor.inner = place % inner;
    int64_t rest = place / inner;
    for (int d = rank() - 2; d >= 0; d--) {
        cursor.at[d] = d == 0 ? rest : rest % sizes_[d];
        rest /= sizes_[d];
        for (size_t o = 0; o < operands_.size(); o++) cursor.row[o] += cursor.at[d] * operands_[o].strides[d];
    }
    return cursor;
}

void Broadcast::next_row(Cursor* cursor) const {
    for (int d = rank() - 2; d >= 0; d--) {
        cursor->at[d]++;
        for (size_t o = 0; o < operands_.size(); o++) cursor->row[o] += operands_[o].strides[d];
        if (d == 0 || cursor->at[d] < sizes_[d]) return;
        for (size_t o = 0; o < operands_.size(); o++) cursor->row[o] -= cursor->at[d] * operands_[o].strides[d];
        cursor->at[d] = 0;
    }
}

void Broadcast::advance(Cursor* cursor, int64_t inner, int64_t n) const {
    cursor->inner += n;
    const int d = rank() - 2;
    if (cursor->inner < inner || d < 0) return;
    int64_t rows = cursor->inner / inner;
    cursor->inner -= rows * inner;
    // All but the last at once where they do not leave their dimension.
    const int64_t near = d == 0 ? rows - 1 : std::min(rows - 1, sizes_[d] - 1 - cursor->at[d]);
    cursor->at[d] += near;
    for (size_t o = 0; o < operands_.size(); o++) cursor->row[o] += near * operands_[o].strides[d];
    for (rows -= near; rows > 0; rows--) next_row(cursor);
}

void Broadcast::copy(const Strided& operand, int number, const char* from, Cursor cursor, int64_t inner, int64_t n,
                     char* to) const {
    const int64_t stride = operand.strides.back();
    while (n > 0) {
        const int64_t part = std::min(n, inner - cursor.inner);
        copy_row(from + (cursor.row[number] + cursor.inner * stride) * operand.element, stride, operand.element, part,
                 to);
        to += part * operand.element;
        n -= part;
        if (n > 0) advance(&cursor, inner, part);
    }
}

// Long rows are cut; of short ones as many are taken as fit, up to where the dimension before begins anew if that is worth it, so
// that what is repeated in it is copied once.
int64_t Broadcast::block_end(const Cursor& cursor, int64_t inner, int64_t place, int64_t end) const {
    bool all = true;
    for (const Strided& operand : operands_) all = all && operand.run == 0;
    if (all) return end;
    const int64_t most = block_bytes / widest_;
    if (inner >= few()) return std::min({end, place + inner - cursor.inner, place + most});
    const int64_t rows = most / inner, size = rank() > 1 ? sizes_[rank() - 2] : 1;
    const int64_t left = rank() == 2 || size * inner < 2 * few() ? rows : size - cursor.at[rank() - 2];
    return std::min(end, place + std::min(rows, left) * inner);
}

}  // namespace octavo
