// oneDNN primitives as this library uses them: made once for a batch size and thread count, run from many threads.
#ifndef OCTAVO_ONEDNN_PRIMITIVE_H
#define OCTAVO_ONEDNN_PRIMITIVE_H

#include <oneapi/dnnl/dnnl.hpp>

#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "onednn/operand.h"

namespace octavo::onednn {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

const dnnl::engine& engine();
// Whether oneDNN runs 512-bit code here (its own cap, ONEDNN_MAX_CPU_ISA, counts).
bool has_avx512();
// Whether its byte products go straight into 32 bits (VNNI). Else they pass through saturating 16-bit sums of two.
bool has_vnni();

inline Tag image_tag(octavo_layout layout) { return layout == OCTAVO_NHWC ? Tag::nhwc : Tag::nchw; }

// Attributes with the scratchpad given by the caller of each run.
dnnl::primitive_attr user_scratchpad();

// The same with the tail that convolutions and linears share: residual (an operand of the result's shape), then activation.
dnnl::primitive_attr fused(const Attributes& attributes, const dnnl::memory::desc* residual);

// A primitive with its memory objects. A run borrows a set of them: sets are made when all are out, and kept.
class Call {
public:
    using Arguments = std::vector<std::pair<int, dnnl::memory::desc>>;

    // Arguments with an empty description are absent: what `run` is given for them is not looked at.
    Call(const dnnl::primitive& primitive, const Arguments& arguments, const dnnl::memory::desc& scratchpad);

    // Conversion between two formats of the same elements, `run` with (from, to); null if they are the same.
    static std::unique_ptr<Call> reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to);

    size_t scratch_bytes() const { return scratch_bytes_; }
    // data: as many as arguments, in their order.
    void run(std::initializer_list<const void*> data, void* scratch) const;

private:
    struct Set {
        dnnl::stream stream;
        std::vector<dnnl::memory> memories;
        std::vector<dnnl_exec_arg_t> arguments;
    };
    std::unique_ptr<Set> borrow() const;

    dnnl::primitive primitive_;
    Arguments arguments_;        // those that are there, the scratchpad last
    std::vector<bool> present_;  // for each argument of the constructor
    size_t scratch_bytes_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Set>> sets_;
};

// Keeps what was made for each number of images or rows, the latest 32 of them. A failure to make is not kept: there may be memory
// again.
template <class T>
class PerCount {
public:
    template <class Make>
    std::shared_ptr<T> get(int64_t count, const Make& make) {
        {
            std::shared_lock<std::shared_mutex> lock(mutex_);
            if (const Entry* entry = find(count)) return entry->made;
        }
        std::unique_lock<std::shared_mutex> lock(mutex_);
        if (const Entry* entry = find(count)) return entry->made;
        Entry entry{count, make(count)};
        if (entries_.size() == most) entries_.erase(entries_.begin());
        entries_.push_back(std::move(entry));
        return entries_.back().made;
    }

private:
    static constexpr size_t most = 32;
    struct Entry {
        int64_t count;
        std::shared_ptr<T> made;
    };
    const Entry* find(int64_t count) const {
        for (const Entry& entry : entries_) {
            if (entry.count == count) return &entry;
        }
        return nullptr;
    }

    std::shared_mutex mutex_;
    std::vector<Entry> entries_;
};

// 64-byte aligned memory.
class Buffer {
public:
    explicit Buffer(size_t bytes) : bytes_(bytes), data_(std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64)) {
        if (!data_) throw std::bad_alloc();
    }
    ~Buffer() { std::free(data_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    void* data() const { return data_; }
    size_t bytes() const { return bytes_; }

private:
    size_t bytes_;
    void* data_;
};

// Constant weights in the formats that primitives of different batch sizes ask for; equal formats share one copy.
class PackedWeights {
public:
    // data: inside of what `owner` keeps.
    PackedWeights(const dnnl::memory::desc& plain, std::shared_ptr<const void> owner, const void* data)
        : plain_(plain), owner_(std::move(owner)), data_(data) {}
    // Those of a constant input, for all plans that share it. form: numbers that say, beside the description, which of its bytes they
    // are and how they were made; make: of the owner and the data.
    using Data = std::pair<std::shared_ptr<const void>, const void*>;
    static std::shared_ptr<PackedWeights> of(const Request& request, int input, const dnnl::memory::desc& plain,
                                             const std::vector<int64_t>& form, const std::function<Data()>& make);
    std::shared_ptr<Buffer> pack(const dnnl::memory::desc& wanted);
    int64_t bytes() const;

private:
    dnnl::memory::desc plain_;
    std::shared_ptr<const void> owner_;
    const void* data_;
    mutable std::mutex mutex_;
    std::vector<std::pair<dnnl::memory::desc, std::shared_ptr<Buffer>>> packed_;
};

}  // namespace octavo::onednn

#endif
