// Sentences for messages and explain.
#ifndef OCTAVO_PLAN_TEXT_H
#define OCTAVO_PLAN_TEXT_H

#include <sstream>
#include <string>

namespace octavo {

template <class... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

}  // namespace octavo

#endif
