#include "bench/suite.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>
#include <stdexcept>

#include "bench/memory_work.h"
#include "bench/octavo_layer.h"
#include "bench/onednn_layer.h"
#include "bench/pin.h"
#include "bench/race.h"

namespace octavo::bench {

namespace {

using Make = std::function<std::unique_ptr<Workload>()>;

int64_t last_cache_bytes() {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
    int64_t kilobytes = 0;
    return file >> kilobytes ? kilobytes * 1024 : int64_t{32} << 20;
}

std::unique_ptr<Workload> one_or_many(const Make& make, int64_t copies) {
    if (copies == 1) return make();
    std::vector<std::unique_ptr<Workload>> all;
    for (int64_t i = 0; i < copies; ++i) {
        all.push_back(make());
        all.back()->run();  // its pages exist from now on
    }
    return std::make_unique<Cycle>(std::move(all));
}

// Notes how many codes are further apart than the one step that oneDNN's order of rounding allows.
void compare(const Row& row, const Bytes& own, const Bytes& peer, Report* report) {
    int64_t wrong = std::abs(own.size() - peer.size());
    for (int64_t i = 0; i < std::min(own.size(), peer.size()); ++i)
        wrong += std::abs(own.as<uint8_t>()[i] - peer.as<uint8_t>()[i]) > 1;
    if (wrong > 0)
        report->notes.push_back(row.shape.name + ": " + std::to_string(wrong) +
                                " of oneDNN's results are more than a step away from Octavo's");
}

// The contenders of one row.
class Field {
public:
    Field(Row* row, Report* report) : row_(*row), report_(*report), race_(row->threads) {}

    // A contender that cannot be made is a note.
    const Bytes* add(Contender contender, const char* who, const Make& make, int64_t copies) {
        try {
            std::unique_ptr<Workload> workload = one_or_many(make, copies);
            workload->run();
            Workload* kept = workload.get();
            workloads_.push_back(std::move(workload));
            race_.add(contender, [kept] { kept->run(); });
            return &kept->output();
        } catch (const std::exception& error) {
            report_.notes.push_back(row_.shape.name + ", " + who + ": " + error.what());
            return nullptr;
        }
    }
    void add(LibtorchPeer* libtorch, int64_t copies) {
        try {
            libtorch->prepare(row_.shape, copies, row_.threads);
            race_.add_timed(Contender::fbgemm, [libtorch](int64_t runs) { return libtorch->seconds(runs); });
        } catch (const std::exception& error) {
            report_.notes.push_back(row_.shape.name + ", FBGEMM: " + error.what());
        }
    }
    void run() { row_.times = race_.run(&report_.notes); }

private:
    Row& row_;
    Report& report_;
    Race race_;
    std::vector<std::unique_ptr<Workload>> workloads_;
};

std::string kernel_of(const Workload& workload) {
    const auto* plan = dynamic_cast<const PlanWorkload*>(&workload);
    octavo_step_info step{};
    step.size = sizeof step;
    if (plan == nullptr || octavo_plan_step(plan->plan(), 0, &step) != OCTAVO_OK) return "";
    return step.kernel;
}

void race_layer(Row* row, Report* report, int code_max, LibtorchPeer* libtorch) {
    const Shape& shape = row->shape;
    const Problem problem(shape, row->threads, code_max);
    const bool table4 = shape.family == Family::table4;
    // Twice the last cache with the smallest weights that any contender has.
    const int64_t bytes = shape.outputs * shape.depth() / (table4 ? 2 : 1);
    const int64_t copies = shape.from_memory ? 2 * last_cache_bytes() / bytes + 1 : 1;
    row->work = 2 * static_cast<double>(shape.macs());
    Field field(row, report);
    const Bytes* own = field.add(
        Contender::octavo, "Octavo",
        [&] {
            auto workload = octavo_layer(problem, table4);
            row->kernel = kernel_of(*workload);
            return workload;
        },
        copies);
    // The peer's weights are s8 with a scale an output. Octavo's own s8 weights have more levels than a table, as the library packs
    // fewer as codes.
    Shape dense = shape;
    dense.family = table4 ? Family::linear : shape.family;
    if (!shape.float_input) dense.group_size = 0;
    const bool same = dense.group_size == shape.group_size;
    const Problem dense_problem(dense, row->threads, code_max);
    const Problem& peers = same ? problem : dense_problem;
    if (table4)
        field.add(
            Contender::octavo_dense, "Octavo int8", [&] { return octavo_layer(dense_problem, false); }, copies);
    // It has no s8 weights with groups either: tables, which it knows nothing of, are compared with what it has instead.
    if (!shape.float_input && (same || table4)) {
        const Bytes* peer = field.add(
            Contender::onednn_int8, "oneDNN int8", [&] { return onednn_layer(peers, false); }, copies);
        if (same && own != nullptr && peer != nullptr && !shape.float_result) compare(*row, *own, *peer, report);
    }
    field.add(
        Contender::onednn_float, "oneDNN float", [&] { return onednn_layer(peers, true); }, copies);
    if (libtorch != nullptr && !shape.float_result && !shape.signed_input && !shape.residual)
        field.add(libtorch, copies);
    field.run();
}

void race_memory(Row* row, Report* report, int code_max, const Peak& peak) {
    const Shape& shape = row->shape;
    if (row->threads > 1 && one_thread_only(shape)) return;
    const Problem problem(shape, row->threads, code_max);
    const int64_t bytes = bytes_moved(shape);
    const int64_t copies = shape.from_memory ? 2 * last_cache_bytes() / bytes + 1 : 1;
    row->work = static_cast<double>(bytes);
    Field field(row, report);
    const Bytes* own = field.add(
        Contender::octavo, "Octavo",
        [&] {
            auto workload = octavo_memory(problem);
            row->kernel = kernel_of(*workload);
            return workload;
        },
        copies);
    // oneDNN has no whole-array functions.
    if (!one_thread_only(shape)) {
        const Bytes* peer = field.add(
            Contender::onednn_int8, "oneDNN", [&] { return onednn_memory(problem); }, copies);
        if (own != nullptr && peer != nullptr && shape.operation != "dequantize") compare(*row, *own, *peer, report);
    }
    field.add(
        Contender::machine, "memcpy", [&] { return machine_memory(problem, peak); }, copies);
    field.run();
}

std::string libtorch_command() {
    const char* command = std::getenv("OCTAVO_BENCH_LIBTORCH");
    if (command == nullptr) throw std::invalid_argument("--peer libtorch: scripts/bench is what fetches and starts it");
    return command;
}

}  // namespace

Suite::Suite(const Options& options, const Peak& peak, Report* report)
    : options_(options), peak_(peak), report_(*report) {
    const std::regex filter(options.filter);
    for (const Shape& shape : read_shapes()) {
        const std::string kind = std::string("kind=") + kind_name(shape.kind());
        if (std::regex_search(shape.name, filter) || std::regex_search(kind, filter)) shapes_.push_back(shape);
    }
    if (shapes_.empty()) throw std::invalid_argument("--filter " + options.filter + ": no row has such a name");
}

void Suite::run(int threads) {
    limit_to(threads);
    std::optional<LibtorchPeer> libtorch;
    if (options_.libtorch) libtorch.emplace(libtorch_command());
    pin_threads(threads);
    for (size_t i = 0; i < shapes_.size(); ++i) {
        std::fprintf(stderr, "%zu/%zu %s, %d thread%s\n", i + 1, shapes_.size(), shapes_[i].name.c_str(), threads,
                     threads == 1 ? "" : "s");
        run_row(shapes_[i], threads, libtorch ? &*libtorch : nullptr);
    }
    const bool dynamic =
        std::any_of(shapes_.begin(), shapes_.end(), [](const Shape& shape) { return shape.dynamic_input; });
    if (dynamic && threads == 1)
        report_.notes.push_back("dynamic/*: oneDNN int8 is given the range of the activations, Octavo looks for it");
}

void Suite::run_row(const Shape& shape, int threads, LibtorchPeer* libtorch) {
    Row row;
    row.shape = shape;
    row.threads = threads;
    row.peak = peak_.gops() * threads;
    if (row.memory_bound()) {
        race_memory(&row, &report_, options_.code_max(), peak_);
    } else {
        race_layer(&row, &report_, options_.code_max(), libtorch);
    }
    if (row.times.empty()) return;
    const std::optional<double> own = row.rate(Contender::octavo);
    for (const Row& other : report_.rows) {
        const std::optional<double> one = other.rate(Contender::octavo);
        if (other.shape.name == shape.name && other.threads == 1 && threads > 1 && own && one)
            row.scaling = *own / *one;
    }
    report_.rows.push_back(row);
}

}  // namespace octavo::bench
