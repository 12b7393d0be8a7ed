// Operands of elementwise operators, of any shapes that broadcast to the result's and in any layouts: brought to arrays that lie as
// the result does, in blocks where they do not lie so by themselves.
#ifndef OCTAVO_OPS_BROADCAST_H
#define OCTAVO_OPS_BROADCAST_H

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ops/checks.h"
#include "ops/split.h"

namespace octavo {

class Broadcast {
public:
    static constexpr int most_operands = 3;
    static constexpr int64_t block_bytes = 4096;  // of an operand's elements that are copied at a time

    // The first `count` inputs of the operator, aligned with y at their last dimension. Throws where y is not what they broadcast to.
    Broadcast(const Checks& checks, int count, const Value& y);

    // All elements lie as those of y.
    bool direct(int operand) const { return operands_[operand].run == 0; }
    // Of constants.
    int64_t bytes() const;

    // Calls body(const char* const* operands, int64_t first, int64_t n) for parts of y that together are the whole, on as many threads
    // as they are worth: element i of an operand belongs to element first + i of y. cost: picoseconds of one element.
    template <class Body>
    void run(const RunArgs& args, int64_t cost, const Body& body) const {
        const int64_t rows = sizes_.size() == 1 && batched_ ? args.batch : 1;
        const int64_t inner = sizes_.back() * rows;
        const int64_t step = inner >= few() ? 64 : ceil_div(int64_t{64}, inner) * inner;
        split(samples(batched_, args) * elements_, step, cost, args.threads,
              [&](int64_t begin, int64_t end) { walk(args, inner, begin, end, body); });
    }

private:
    // Elements of a row below which several rows are taken together.
    int64_t few() const { return block_bytes / widest_ / 4; }

    struct Strided {
        Operand memory;
        int64_t element;               // bytes
        std::vector<int64_t> strides;  // in elements, of each of sizes_; 0: repeated
        int64_t run;                   // elements of y, from a multiple of it on, that lie one behind the other; 0: all
    };

    // A place in y, and where the operands' elements for it are.
    struct Cursor {
        int64_t inner = 0;  // in the row
        int64_t at[OCTAVO_MAX_RANK] = {};
        int64_t row[most_operands] = {};  // first element of the row
    };

    Cursor cursor(int64_t inner, int64_t place) const;
    void next_row(Cursor* cursor) const;
    void advance(Cursor* cursor, int64_t inner, int64_t n) const;
    void copy(const Strided& operand, int number, const char* from, Cursor cursor, int64_t inner, int64_t n,
              char* to) const;
    int64_t block_end(const Cursor& cursor, int64_t inner, int64_t place, int64_t end) const;

    template <class Body>
    void walk(const RunArgs& args, int64_t inner, int64_t begin, int64_t end, const Body& body) const {
        alignas(64) char copies[most_operands][block_bytes];
        const char* at[most_operands];
        int64_t copied[most_operands], key[most_operands];  // elements in `copies`, repeated from there
        const int count = static_cast<int>(operands_.size());
        for (int o = 0; o < count; o++) copied[o] = 0;
        Cursor here = cursor(inner, begin);
        for (int64_t i = begin; i < end;) {
            const int64_t next = block_end(here, inner, i, end), n = next - i;
            for (int o = 0; o < count; o++) {
                const Strided& operand = operands_[o];
                const char* base = static_cast<const char*>(operand.memory.at(args.inputs[o]));
                if (operand.run == 0) {
                    at[o] = base + i * operand.element;
                    continue;
                }
                const int64_t stride = operand.strides.back();
                const bool one_row = here.inner + n <= inner;
                if (one_row ? stride == 1 || n == 1 : i / operand.run == (next - 1) / operand.run) {
                    at[o] = base + (here.row[o] + here.inner * stride) * operand.element;
                    continue;
                }
                at[o] = copies[o];
                // A repeated element is the same anywhere in its row; a repeated row begins with each row.
                const bool one = stride == 0 && one_row;
                const bool row = repeats_row(o) && here.inner == 0 && in_one_dimension(here, inner, n);
                if ((one || row) && copied[o] >= n && key[o] == here.row[o]) continue;
                copy(operand, o, base, here, inner, n, copies[o]);
                copied[o] = one || row ? n : 0;
                key[o] = here.row[o];
            }
            body(static_cast<const char* const*>(at), i, n);
            advance(&here, inner, n);
            i = next;
        }
    }

    int rank() const { return static_cast<int>(sizes_.size()); }
    bool repeats_row(int operand) const { return rank() > 1 && operands_[operand].strides[rank() - 2] == 0; }
    // Whether n elements from the start of a row on stay within the dimension of rows.
    bool in_one_dimension(const Cursor& here, int64_t inner, int64_t n) const {
        return rank() == 2 || here.at[rank() - 2] + ceil_div(n, inner) <= sizes_[rank() - 2];
    }

    bool batched_;
    int64_t elements_;            // of y, of a sample
    int64_t widest_ = 1;          // bytes of an element
    std::vector<int64_t> sizes_;  // of y in memory order, neighbours put together; the first counts for one sample
    std::vector<Strided> operands_;
};

}  // namespace octavo

#endif
