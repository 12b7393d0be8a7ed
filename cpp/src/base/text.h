// Sentences for messages and explain.
#ifndef OCTAVO_BASE_TEXT_H
#define OCTAVO_BASE_TEXT_H

#include <cstdio>
#include <string>
#include <type_traits>

namespace octavo {

// Of strings, characters and numbers. Without streams, whose locales alone would be a fourth of the library.
template <class... Parts>
std::string text(const Parts&... parts) {
    std::string sentence;
    const auto add = [&](const auto& part) {
        using Part = std::decay_t<decltype(part)>;
        if constexpr (std::is_floating_point_v<Part>) {
            char digits[32];
            std::snprintf(digits, sizeof digits, "%g", static_cast<double>(part));
            sentence += digits;
        } else if constexpr (std::is_arithmetic_v<Part> && !std::is_same_v<Part, char>) {
            sentence += std::to_string(part);
        } else {
            sentence += part;
        }
    };
    (add(parts), ...);
    return sentence;
}

}  // namespace octavo

#endif
