#include "ops/levels.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/status.h"
#include "ops/array_checks.h"

namespace octavo {

void check_counted(const float* x, const int64_t* counts, const Groups& groups) {
    const int64_t n = groups.rows * groups.columns;
    for (int64_t i = 0; i < n; i++)
        if (!std::isfinite(x[i])) throw Error(OCTAVO_NOT_FINITE, "element " + std::to_string(i) + " is " + text(x[i]));
    if (counts == nullptr) return;
    for (int64_t i = 0; i < n; i++)
        if (counts[i] < 0)
            invalid("count " + std::to_string(i) + " is " + std::to_string(counts[i]) + ", expected at least 0");
    for (int64_t group = 0; group < groups.count(); group++) {
        const int64_t *begin = counts + groups.begin(group), *end = begin + groups.length(group);
        if (std::all_of(begin, end, [](int64_t count) { return count == 0; }))
            invalid("no element of group " + std::to_string(group) + " occurs");
    }
}

}  // namespace octavo
