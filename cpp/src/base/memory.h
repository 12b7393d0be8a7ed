// Memory aligned for vectors.
#ifndef OCTAVO_BASE_MEMORY_H
#define OCTAVO_BASE_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace octavo {

// A vector register and a cache line; every buffer that the library allocates starts at a multiple of it.
constexpr size_t alignment = 64;

// At least so many bytes, an odd number of cache lines: what lies so far apart does not meet in the same sets of a cache.
constexpr int64_t odd_lines(int64_t bytes) {
    constexpr auto line = static_cast<int64_t>(alignment);
    return ((bytes + line - 1) / line | 1) * line;
}

// Not initialized. Throws Error(OCTAVO_OUT_OF_MEMORY). Large blocks ask for huge pages. Zero bytes give null.
void* allocate_aligned(size_t bytes);
void free_aligned(void* memory) noexcept;

// An owned array of plain numbers, 64-byte aligned.
template <class T>
class AlignedArray {
    static_assert(std::is_trivially_copyable<T>::value, "plain numbers only");

public:
    AlignedArray() = default;
    // Zeros. Throws Error(OCTAVO_OUT_OF_MEMORY).
    explicit AlignedArray(size_t size);
    // For what is written whole: any numbers.
    static AlignedArray uninitialized(size_t size);
    AlignedArray(AlignedArray&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    AlignedArray& operator=(AlignedArray&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~AlignedArray() { free_aligned(data_); }

    T* data() { return data_; }
    const T* data() const { return data_; }
    size_t size() const { return size_; }
    size_t bytes() const { return size_ * sizeof(T); }
    bool empty() const { return size_ == 0; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }

private:
    T* data_ = nullptr;
    size_t size_ = 0;
};

// Zeroed memory for `count` elements of `size` bytes; throws Error(OCTAVO_OUT_OF_MEMORY), also where the product overflows.
void* allocate_zeroed(size_t count, size_t size);

// The same without zeros.
void* allocate_array(size_t count, size_t size);

template <class T>
AlignedArray<T> AlignedArray<T>::uninitialized(size_t size) {
    AlignedArray array;
    array.data_ = static_cast<T*>(allocate_array(size, sizeof(T)));
    array.size_ = size;
    return array;
}

template <class T>
AlignedArray<T>::AlignedArray(size_t size) : data_(static_cast<T*>(allocate_zeroed(size, sizeof(T)))), size_(size) {}

}  // namespace octavo

#endif
