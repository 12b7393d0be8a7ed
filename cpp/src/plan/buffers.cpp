#include "plan/buffers.h"

#include <algorithm>

#include "base/text.h"

namespace octavo {
namespace {

std::string subject(const Buffers& buffers, const std::vector<Border>& borders, size_t i) {
    return text("\"", borders[i].name, "\" (of the ", buffers.what(), ")");
}

std::string shape_text(const int64_t* dims, int64_t rank, bool batched) {
    std::string shape = "[";
    for (int64_t i = 0; i < rank; ++i)
        shape += text(i > 0 ? ", " : "", i == 0 && batched ? "N" : std::to_string(dims[i]));
    return shape + "]";
}

bool has_shape(const octavo_buffer& buffer, const Border& border) {
    if (buffer.rank != static_cast<int64_t>(border.dims.size())) return false;
    if (buffer.rank == 0) return true;
    if (border.batched && buffer.dims[0] < 1) return false;
    bool same = true;
    for (size_t i = border.batched; i < border.dims.size(); ++i) same &= border.dims[i] == buffer.dims[i];
    return same;
}

// The value whose shape gave the batch.
struct Batch {
    int64_t size = 0;  // 0: none yet
    const Border* of = nullptr;
};

// In bytes of a run whose batch is known to fit the address space.
int64_t needed(const Border& border, int64_t batch) {
    return static_cast<int64_t>(border.bytes) * (border.batched ? batch : 1);
}

void check(const std::vector<Border>& borders, const Buffers& buffers, int64_t most_batch, Batch* batch) {
    for (size_t i = 0; i < borders.size(); ++i) {
        const Border& border = borders[i];
        const octavo_buffer buffer = buffers[static_cast<int64_t>(i)];
        if (buffer.data == nullptr)
            throw Error(OCTAVO_INVALID_ARGUMENT, subject(buffers, borders, i) + ": data is null");
        if (buffer.rank > 0 && buffer.dims == nullptr)
            throw Error(OCTAVO_INVALID_ARGUMENT, subject(buffers, borders, i) + ": dims is null");
        if ((reinterpret_cast<uintptr_t>(buffer.data) & (border.element_bytes - 1)) != 0) {  // a power of two
            throw Error(OCTAVO_INVALID_ARGUMENT, text(subject(buffers, borders, i), ": not aligned to its element of ",
                                                      border.element_bytes, " bytes"));
        }
        if (!has_shape(buffer, border)) {
            const std::string found = buffer.rank < 0 || buffer.rank > OCTAVO_MAX_RANK
                                          ? text("rank ", buffer.rank)
                                          : "shape " + shape_text(buffer.dims, buffer.rank, false);
            throw Error(OCTAVO_SHAPE_MISMATCH,
                        text(subject(buffers, borders, i), ": ", found, ", expected ",
                             shape_text(border.dims.data(), static_cast<int64_t>(border.dims.size()), border.batched),
                             border.batched ? ", N at least 1" : ""));
        }
        if (border.batched) {
            if (batch->of == nullptr) *batch = {buffer.dims[0], &border};
            if (buffer.dims[0] != batch->size) {
                throw Error(OCTAVO_SHAPE_MISMATCH, text(subject(buffers, borders, i), ": a batch of ", buffer.dims[0],
                                                        ", expected ", batch->size, " like \"", batch->of->name, "\""));
            }
            if (batch->size > most_batch) {
                throw Error(OCTAVO_OUT_OF_MEMORY,
                            text("a batch of ", batch->size, ", expected at most ", most_batch, " for these shapes"));
            }
        }
        const int64_t expected = needed(border, batch->size);
        if (buffer.bytes < expected) {
            throw Error(OCTAVO_SHAPE_MISMATCH,
                        text(subject(buffers, borders, i), ": ", buffer.bytes, " bytes, expected at least ", expected));
        }
    }
}

// Of output o with the first `count` of others.
void check_apart(const std::vector<Border>& outputs, const Buffers& out, size_t o, const std::vector<Border>& others,
                 const Buffers& other, size_t count, int64_t batch) {
    const auto begin = reinterpret_cast<uintptr_t>(out.data(static_cast<int64_t>(o)));
    const uintptr_t end = begin + static_cast<uintptr_t>(needed(outputs[o], batch));
    for (size_t i = 0; i < count; ++i) {
        const auto at = reinterpret_cast<uintptr_t>(other.data(static_cast<int64_t>(i)));
        if (at < end && begin < at + static_cast<uintptr_t>(needed(others[i], batch))) {
            throw Error(OCTAVO_INVALID_ARGUMENT,
                        text(subject(out, outputs, o), " overlaps the memory of ", subject(other, others, i)));
        }
    }
}

}  // namespace

Buffers caller_buffers(const char* what, const octavo_buffer* first, int64_t count, size_t expected) {
    if (count != static_cast<int64_t>(expected))
        throw Error(OCTAVO_INVALID_ARGUMENT, text(count, " ", what, ", expected ", expected));
    return {what, first, count};
}

int64_t check_buffers(const std::vector<Border>& inputs, const Buffers& in, const std::vector<Border>& outputs,
                      const Buffers& out, int64_t most_batch) {
    Batch common;
    check(inputs, in, most_batch, &common);
    check(outputs, out, most_batch, &common);
    const int64_t batch = std::max<int64_t>(1, common.size);
    for (size_t o = 0; o < outputs.size(); ++o) {
        check_apart(outputs, out, o, inputs, in, inputs.size(), batch);
        check_apart(outputs, out, o, outputs, out, o, batch);
    }
    return batch;
}

}  // namespace octavo
