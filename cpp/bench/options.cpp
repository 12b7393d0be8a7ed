#include "bench/options.h"

#include <getopt.h>

#include <cerrno>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace octavo::bench {

const char* const usage =
    R"(Octavo's native benchmarks: its int8 kernels against oneDNN's int8 and float, in one process. Rows are the shapes of tests/shapes;
the repetitions of a row's contenders run in random order; what is reported is their median.
  --filter REGEX        rows whose name matches, such as gemm/ or resnet50/layer3, or whose kind does, such as kind=first
  --isa ISA             both sides use scalar, avx2, avx512, vnni or vbmi at most (oneDNN: SSE4.1 for scalar)
  --threads 1|2|1,2     how many threads (default: both, where there are two CPUs)
  --activations 7|8     bits of the activations' codes, 0..127 or 0..255 (default 8)
  --repetitions N       of each contender (default 7)
  --min-time SECONDS    of a repetition (default 0.01)
  --peer libtorch       one more column: FBGEMM, as libtorch calls it (scripts/bench fetches it, some 110 MB)
  --json FILE           the rows as JSON
  --chart FILE.svg      the rows as a bar chart
  --nets                instead of the rows: the demo network and ResNet-20 as a whole, with each step's share
  --help                this text
)";

namespace {

[[noreturn]] void wrong(const std::string& option, const std::string& value, const std::string& expected) {
    throw std::invalid_argument(option + " " + value + ": expected " + expected);
}

double positive(const std::string& option, const std::string& text) {
    char* end = nullptr;
    errno = 0;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || errno != 0 || !(value > 0) || value > 1e6)
        wrong(option, text, "a positive number");
    return value;
}

int whole(const std::string& option, const std::string& text) {
    const double value = positive(option, text);
    if (value != static_cast<int>(value)) wrong(option, text, "a whole number");
    return static_cast<int>(value);
}

std::string one_of(const std::string& option, const std::string& text, const std::vector<std::string>& words) {
    std::string list;
    for (const std::string& word : words) {
        if (word == text) return text;
        list += (list.empty() ? "" : ", ") + word;
    }
    wrong(option, text, "one of " + list);
}

void check_regex(const std::string& text) {
    try {
        std::regex check(text);
    } catch (const std::regex_error& error) {
        wrong("--filter", text, std::string("a regular expression (") + error.what() + ")");
    }
}

}  // namespace

Options parse_options(int argc, char** argv) {
    enum Name { filter, isa, threads, activations, repetitions, min_time, peer, json, chart, nets, help };
    const option long_options[] = {{"filter", required_argument, nullptr, filter},
                                   {"isa", required_argument, nullptr, isa},
                                   {"threads", required_argument, nullptr, threads},
                                   {"activations", required_argument, nullptr, activations},
                                   {"repetitions", required_argument, nullptr, repetitions},
                                   {"min-time", required_argument, nullptr, min_time},
                                   {"peer", required_argument, nullptr, peer},
                                   {"json", required_argument, nullptr, json},
                                   {"chart", required_argument, nullptr, chart},
                                   {"nets", no_argument, nullptr, nets},
                                   {"help", no_argument, nullptr, help},
                                   {nullptr, 0, nullptr, 0}};
    Options options;
    opterr = 0;
    for (;;) {
        const int at = optind;
        const int name = getopt_long(argc, argv, ":", long_options, nullptr);
        if (name == -1) break;
        const std::string value = optarg != nullptr ? optarg : "";
        switch (name) {
            case filter:
                check_regex(options.filter = value);
                break;
            case isa:
                options.isa = one_of("--isa", value, {"scalar", "avx2", "avx512", "vnni", "vbmi"});
                break;
            case threads:
                one_of("--threads", value, {"1", "2", "1,2"});
                options.threads = value == "1,2" ? std::vector<int>{1, 2} : std::vector<int>{value == "1" ? 1 : 2};
                break;
            case activations:
                options.activation_bits = one_of("--activations", value, {"7", "8"}) == "7" ? 7 : 8;
                break;
            case repetitions:
                options.repetitions = whole("--repetitions", value);
                break;
            case min_time:
                options.min_time = positive("--min-time", value);
                break;
            case peer:
                options.libtorch = one_of("--peer", value, {"libtorch"}) == "libtorch";
                break;
            case json:
                options.json = value;
                break;
            case chart:
                options.chart = value;
                break;
            case nets:
                options.nets = true;
                break;
            case help:
                options.help = true;
                break;
            case ':':
                throw std::invalid_argument(std::string(argv[at]) + ": needs a value");
            default:
                throw std::invalid_argument(std::string(argv[at]) + ": unknown or ambiguous option");
        }
    }
    if (optind < argc) throw std::invalid_argument(std::string(argv[optind]) + ": not an option");
    if (options.libtorch && options.isa == "scalar") wrong("--peer", "libtorch", "an --isa from avx2 on");
    if (options.nets) {
        for (const std::string& file : {options.json, options.chart}) {
            if (!file.empty()) throw std::invalid_argument(file + ": --nets writes no file");
        }
    }
    return options;
}

}  // namespace octavo::bench
