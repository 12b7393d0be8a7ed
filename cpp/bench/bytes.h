// Memory for operands: 64-byte aligned, as every contender gets it.
#ifndef OCTAVO_BENCH_BYTES_H
#define OCTAVO_BENCH_BYTES_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace octavo::bench {

class Bytes {
public:
    Bytes() = default;
    explicit Bytes(int64_t size)
        : data_(static_cast<std::byte*>(::operator new(static_cast<size_t>(size), alignment))), size_(size) {
        std::memset(data_.get(), 0, static_cast<size_t>(size));
    }

    Bytes copy() const {
        Bytes other(size_);
        std::memcpy(other.data(), data(), static_cast<size_t>(size_));
        return other;
    }

    std::byte* data() const { return data_.get(); }
    int64_t size() const { return size_; }
    template <class T>
    T* as() const {
        return reinterpret_cast<T*>(data_.get());
    }

private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(std::byte* p) const { ::operator delete(p, alignment); }
    };
    std::unique_ptr<std::byte, Free> data_;
    int64_t size_ = 0;
};

}  // namespace octavo::bench

#endif
