#include "bench/row.h"

namespace octavo::bench {

std::optional<double> Row::rate(Contender contender) const {
    const auto found = times.find(contender);
    if (found == times.end()) return std::nullopt;
    return work / found->second.nanoseconds;
}

std::optional<double> Row::ratio(Contender contender) const {
    const std::optional<double> own = rate(Contender::octavo), other = rate(contender);
    if (!own || !other) return std::nullopt;
    return *own / *other;
}

std::optional<double> Row::fraction_of_peak() const {
    if (memory_bound()) return ratio(Contender::machine);
    const std::optional<double> own = rate(Contender::octavo);
    if (!own || peak <= 0) return std::nullopt;
    return *own / peak;
}

}  // namespace octavo::bench
