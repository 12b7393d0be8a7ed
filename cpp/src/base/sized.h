// Structs of the C interface that begin with their size: the caller's version of them becomes ours, and ours the caller's.
#ifndef OCTAVO_BASE_SIZED_H
#define OCTAVO_BASE_SIZED_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/status.h"
#include "base/text.h"

// Size of a struct that ends with this member.
#define OCTAVO_SIZE_TO(type, member) (offsetof(type, member) + sizeof(type::member))

namespace octavo {

constexpr size_t most_struct_bytes = 4096;  // what is above is no size, but memory that nobody wrote

// Throws OCTAVO_INVALID_ARGUMENT for a size that no version of the struct has. least: that of the members that must be there;
// what: the struct's name in messages.
template <class T>
void check_size(const T& given, size_t least, const char* what) {
    static_assert(std::is_standard_layout_v<T> && offsetof(T, size) == 0, "the size comes first");
    static_assert(std::has_unique_object_representations_v<T>, "a later member must not lie in what is padding now");
    if (given.size < least || given.size % 8 != 0 || given.size > most_struct_bytes) {
        throw Error(OCTAVO_INVALID_ARGUMENT, text(what, ": size is ", given.size, ", expected a multiple of 8 from ",
                                                  least, " to ", most_struct_bytes));
    }
}

// The caller's struct in our version. Throws OCTAVO_UNSUPPORTED too, where the caller's is longer and uses what is unknown here.
template <class T>
T read_sized(const T& given, size_t least, const char* what) {
    if (given.size == sizeof(T)) return given;
    check_size(given, least, what);
    const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
    for (size_t i = sizeof(T); i < given.size; ++i) {
        if (bytes[i] != 0) {
            throw Error(OCTAVO_UNSUPPORTED, text(what, ": byte ", i, " of ", given.size,
                                                 " is not 0, but this version knows ", sizeof(T), " bytes"));
        }
    }
    T known{};
    std::memcpy(&known, bytes, std::min(given.size, sizeof(T)));
    known.size = sizeof(T);
    return known;
}

// Writes as much of ours as the caller's has room for, and 0 into what is unknown here.
template <class T>
void write_sized(const T& ours, size_t least, const char* what, T* caller) {
    check_size(*caller, least, what);
    const size_t size = caller->size, known = std::min(size, sizeof(T));
    auto* bytes = reinterpret_cast<unsigned char*>(caller);
    std::memcpy(bytes + sizeof size, reinterpret_cast<const unsigned char*>(&ours) + sizeof size, known - sizeof size);
    std::memset(bytes + known, 0, size - known);
}

// An array of the caller's structs, which all have the size of the first.
template <class T>
class SizedArray {
public:
    // Throws OCTAVO_INVALID_ARGUMENT for a count below 0, or null where there are elements.
    SizedArray(const T* first, int64_t count, size_t least, const char* what)
        : first_(reinterpret_cast<const unsigned char*>(first)), count_(count), least_(least), what_(what) {
        if (count < 0) throw Error(OCTAVO_INVALID_ARGUMENT, text(count, " of ", what, ", expected at least 0"));
        if (count > 0 && first == nullptr)
            throw Error(OCTAVO_INVALID_ARGUMENT, text("the array of ", what, " is null"));
        if (count > 0) stride_ = first->size;
    }

    int64_t count() const { return count_; }
    // The caller's, whatever its size.
    const T& at(int64_t i) const { return *reinterpret_cast<const T*>(first_ + static_cast<size_t>(i) * stride_); }
    // Throws as read_sized does.
    T operator[](int64_t i) const {
        const T& given = at(i);
        if (given.size != stride_) {
            throw Error(OCTAVO_INVALID_ARGUMENT,
                        text(what_, " ", i, ": size is ", given.size, ", expected ", stride_, " like the first"));
        }
        return read_sized(given, least_, what_);
    }

private:
    const unsigned char* first_;
    int64_t count_;
    size_t stride_ = 0, least_;
    const char* what_;
};

}  // namespace octavo

#endif
