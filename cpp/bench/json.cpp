#include "bench/json.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace octavo::bench {

namespace {

using Json = nlohmann::ordered_json;

// Four digits: more is noise. null where there is no figure.
Json number(const std::optional<double>& figure) {
    if (!figure || !std::isfinite(*figure)) return nullptr;
    const double unit = std::pow(10, std::floor(std::log10(std::abs(*figure))) - 3);
    return *figure == 0 ? 0 : std::stod(std::to_string(std::round(*figure / unit) * unit));
}

Json row_of(const Row& row) {
    Json json = {{"kind", kind_name(row.shape.kind())},
                 {"name", row.shape.name},
                 {"threads", row.threads},
                 {"octavoGops", number(row.rate(Contender::octavo))},
                 {"onednnInt8Gops", number(row.rate(Contender::onednn_int8))},
                 {"onednnFloatGops", number(row.rate(Contender::onednn_float))},
                 {"ratio", number(row.ratio(Contender::onednn_int8))},
                 {"fractionOfPeak", number(row.fraction_of_peak())}};
    if (row.memory_bound()) json["unit"] = "GB/s";
    if (row.times.count(Contender::octavo_dense) != 0)
        json["octavoInt8Gops"] = number(row.rate(Contender::octavo_dense));
    if (row.times.count(Contender::fbgemm) != 0) json["fbgemmGops"] = number(row.rate(Contender::fbgemm));
    if (row.scaling) json["scaling"] = number(row.scaling);
    return json;
}

}  // namespace

void write_json(const Report& report, const std::string& file) {
    Json json = {{"cpu", report.cpu}, {"isa", report.isa}, {"peakGops", number(report.peak)}, {"rows", Json::array()}};
    for (const Row& row : report.rows) json["rows"].push_back(row_of(row));
    std::ofstream out(file);
    out << json.dump(1) << '\n';
    out.close();
    if (!out) throw std::runtime_error("--json " + file + ": cannot be written");
}

}  // namespace octavo::bench
