// Memory whose first or last byte touches an inaccessible page, so that a kernel's over-read crashes in its test.
#ifndef OCTAVO_TESTS_SUPPORT_GUARDED_BUFFER_H
#define OCTAVO_TESTS_SUPPORT_GUARDED_BUFFER_H

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace octavo::test {

enum class Guard { after, before };

// `count` elements of T. Guard::after: the last element ends at the guard page (then the start has only T's alignment, and not
// more); Guard::before: the first element begins right behind one. Both pages are there in either case.
template <class T>
class GuardedBuffer {
public:
    explicit GuardedBuffer(size_t count, Guard guard = Guard::after) : count_(count) {
        const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        const size_t bytes = count * sizeof(T);
        const size_t body = (bytes + page - 1) / page * page;
        mapped_ = body + 2 * page;
        void* base = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<std::byte*>(base);
        for (std::byte* guard_page : {base_, base_ + page + body}) {
            if (mprotect(guard_page, page, PROT_NONE) == 0) continue;
            munmap(base_, mapped_);
            throw std::bad_alloc();
        }
        std::byte* start = base_ + page + (guard == Guard::after ? body - bytes : 0);
        data_ = reinterpret_cast<T*>(start);
    }
    GuardedBuffer(const std::vector<T>& values, Guard guard) : GuardedBuffer(values.size(), guard) {
        if (count_ > 0) std::memcpy(data_, values.data(), count_ * sizeof(T));
    }
    explicit GuardedBuffer(const std::vector<T>& values) : GuardedBuffer(values, Guard::after) {}
    GuardedBuffer(GuardedBuffer&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)),
          mapped_(std::exchange(other.mapped_, 0)),
          data_(std::exchange(other.data_, nullptr)),
          count_(std::exchange(other.count_, 0)) {}
    GuardedBuffer& operator=(GuardedBuffer&& other) noexcept {
        std::swap(base_, other.base_);
        std::swap(mapped_, other.mapped_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
        return *this;
    }
    GuardedBuffer(const GuardedBuffer&) = delete;
    GuardedBuffer& operator=(const GuardedBuffer&) = delete;
    ~GuardedBuffer() {
        if (base_ != nullptr) munmap(base_, mapped_);
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    size_t size() const { return count_; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    T* begin() { return data_; }
    T* end() { return data_ + count_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + count_; }
    std::vector<T> copy() const { return std::vector<T>(begin(), end()); }
    void fill(T value) {
        for (T& x : *this) x = value;
    }

private:
    std::byte* base_ = nullptr;
    size_t mapped_ = 0;
    T* data_ = nullptr;
    size_t count_ = 0;
};

}  // namespace octavo::test

#endif
