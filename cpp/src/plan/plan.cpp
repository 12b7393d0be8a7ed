#include "plan/plan.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <thread>

#include "base/sizes.h"
#include "base/text.h"
#include "cpu/fork.h"
#include "cpu/pool.h"
#include "plan/buffers.h"

namespace octavo {
namespace {

// Multiply-adds a nanosecond that the instruction sets reach, roughly; only the choice of splitting rests on it.
constexpr double macs_per_nanosecond[isa_count] = {1, 40, 60, 120, 120};
// A piece of work that is shorter is not worth a second thread.
constexpr double worthwhile_nanoseconds = 10000;
// What a call costs the back end before it computes (a microsecond or two an operator) is spread over so many samples.
constexpr size_t least_backend_chunk = 8;

int64_t choose_chunk(const Program& program, const PlanOptions& options) {
    if (program.whole) return 0;
    if (options.chunk > 0) return options.chunk;
    if (program.sample_bytes == 0) return 0;
    const size_t fitting = cache_bytes(2) / 2 / program.sample_bytes;
    return static_cast<int64_t>(std::max(fitting, program.in_backend ? least_backend_chunk : size_t{1}));
}

int64_t choose_worthwhile(const Program& program, Isa isa) {
    double nanoseconds = 1;
    for (const Step& step : program.steps) {
        nanoseconds += static_cast<double>(step.info.macs) / macs_per_nanosecond[static_cast<int>(isa)];
    }
    return static_cast<int64_t>(worthwhile_nanoseconds / nanoseconds) + 1;
}

int64_t largest_batch(const Program& program) {
    int64_t bytes = static_cast<int64_t>(std::max<size_t>(1, program.sample_bytes));
    for (const auto* borders : {&program.inputs, &program.outputs}) {
        for (const Border& border : *borders) bytes = std::max(bytes, static_cast<int64_t>(border.bytes));
    }
    return (std::numeric_limits<int64_t>::max() / 2 -
            static_cast<int64_t>(program.operand_bytes + program.fixed_bytes)) /
           bytes;
}

}  // namespace

// One call of run: its arguments, and the first failure of the threads that work on it.
struct Plan::Job {
    int64_t batch;
    const Buffers &inputs, &outputs;
    Split split;
    Profile::Run* profile;
    std::atomic<bool> failed{false};
    octavo_status status = OCTAVO_OK;
    char message[1024];  // if failed

    Job(int64_t batch, const Buffers& inputs, const Buffers& outputs, Split split, Profile::Run* profile)
        : batch(batch), inputs(inputs), outputs(outputs), split(split), profile(profile) {}

    void fail(octavo_status failure, const char* sentence) noexcept {
        if (failed.exchange(true)) return;
        status = failure;
        std::snprintf(message, sizeof message, "%s", sentence);
    }
};

// Counts the runs under way; giving up the count is the last that a run does with the plan. The count begins anew in the child of
// a fork: the threads that were in a run are the parent's.
class Plan::Visit {
public:
    explicit Visit(std::atomic<uint64_t>* runs) : runs_(runs), process_(process()) {
        uint64_t count = runs_->load(std::memory_order_relaxed);
        while (!runs_->compare_exchange_weak(count, of_process(count) ? count + 1 : process_ + 1,
                                             std::memory_order_acquire, std::memory_order_relaxed)) {
        }
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
        if (process_ == process()) runs_->fetch_sub(1, std::memory_order_release);
    }

    static bool any(const std::atomic<uint64_t>& runs) {
        const uint64_t count = runs.load(std::memory_order_acquire);
        return of_process(count) && (count & ~process_bits) != 0;
    }

private:
    // High half: the process, by its number of forks; low half: the runs.
    static constexpr uint64_t process_bits = ~uint64_t{0} << 32;
    static uint64_t process() { return uint64_t{fork_generation()} << 32; }
    static bool of_process(uint64_t count) { return (count & process_bits) == process(); }

    std::atomic<uint64_t>* runs_;
    uint64_t process_;
};

Plan::Plan(Program program, const PlanOptions& options)
    : options_(options),
      program_(std::move(program)),
      chunk_(choose_chunk(program_, options)),
      worthwhile_(choose_worthwhile(program_, options.isa)),
      max_batch_(largest_batch(program_)) {
    if (options.profile) profile_ = std::make_unique<Profile>(program_.steps.size());
}

Plan::~Plan() {
    while (Visit::any(runs_)) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

Plan::Split Plan::split(int64_t batch) const {
    const int threads = options_.threads > 0 ? options_.threads : default_threads();
    if (chunk_ == 0) return {1, 0, 1, threads};
    if (batch == 1) return {1, options_.chunk, 1, threads};
    int64_t count = ceil_div(batch, chunk_);
    if (options_.chunk == 0) {
        // Enough pieces for the threads, as long as each is worth a thread; beyond that the same number for every thread.
        count = std::max(count, std::min<int64_t>(threads, batch / worthwhile_));
        if (count > threads) count = std::min(batch, round_up<int64_t>(count, threads));
    }
    const int outer = static_cast<int>(std::min<int64_t>(threads, count));
    return {count, options_.chunk, outer, outer == 1 ? threads : 1};
}

void Plan::run(const octavo_run_args& args) {
    const Visit visit(&runs_);
    const Buffers inputs = caller_buffers("inputs", args.inputs, args.input_count, program_.inputs.size());
    const Buffers outputs = caller_buffers("outputs", args.outputs, args.output_count, program_.outputs.size());
    const int64_t batch = check_buffers(program_.inputs, inputs, program_.outputs, outputs, max_batch_);

    std::unique_lock<std::mutex> one_at_a_time;
    if (!program_.states.empty()) one_at_a_time = std::unique_lock<std::mutex>(state_mutex_);
    std::unique_ptr<Profile::Run> times = profile_ ? profile_->start() : nullptr;
    Job job(batch, inputs, outputs, split(batch), times.get());
    if (job.split.outer == 1) {
        for (int64_t i = 0; i < job.split.count; ++i) run_piece(&job, i);
    } else {
        parallel_for(job.split.count, job.split.outer, [&](int64_t i, int) { run_piece(&job, i); });
    }
    if (job.failed.load()) throw Error(job.status, job.message);
    if (times) profile_->finish(std::move(times));
}

void Plan::run_piece(Job* job, int64_t index) const noexcept {
    if (job->failed.load(std::memory_order_relaxed)) return;
    const Split& split = job->split;
    int64_t start, end;
    if (split.chunk > 0) {
        start = index * split.chunk;
        end = std::min(job->batch, start + split.chunk);
    } else {
        const int64_t each = job->batch / split.count, longer = job->batch % split.count;
        start = index * each + std::min(index, longer);
        end = start + each + (index < longer);
    }
    try {
        run_steps(job, start, end - start);
    } catch (const Error& error) {
        job->fail(error.status(), error.what());
    } catch (const std::bad_alloc&) {
        job->fail(OCTAVO_OUT_OF_MEMORY, "out of memory");
    } catch (...) {
        job->fail(OCTAVO_INTERNAL, "an operator threw while it ran");
    }
}

void Plan::run_steps(Job* job, int64_t start, int64_t samples) const {
    const int threads = job->split.inner;
    // For the largest piece of the run at once, so that no workspace grows later in a run like this one.
    const Workspaces::Use use = {samples, job->split.largest(job->batch), threads};
    Workspaces::Lease workspace = workspaces_.take();
    if (!workspace.serves(use)) {
        size_t bytes = bytes_needed(samples, threads);
        if (samples != use.largest) bytes = std::max(bytes, bytes_needed(use.largest, threads));
        workspace.reserve(use, bytes);
    }
    const void** const operands = reinterpret_cast<const void**>(workspace.memory());
    std::byte* const fixed = workspace.memory() + program_.operand_bytes;
    std::byte* const inner = fixed + program_.fixed_bytes;
    std::byte* const scratch = inner + program_.sample_bytes * static_cast<size_t>(samples);
    const auto address = [&](int value) -> std::byte* {
        if (value < 0) return nullptr;
        const Place& place = program_.places[value];
        switch (place.where) {
            case Place::Where::samples:
                return inner + place.offset * static_cast<size_t>(samples);
            case Place::Where::fixed:
                return fixed + place.offset;
            case Place::Where::input:
                // Only ever read: no step writes a value whose place is an input.
                return job->inputs.data(place.index) + place.sample_bytes * static_cast<size_t>(start);
            case Place::Where::output:
                return job->outputs.data(place.index) + place.sample_bytes * static_cast<size_t>(start);
            case Place::Where::state:
                return place.address;
            case Place::Where::nowhere:
                break;
        }
        return nullptr;
    };

    std::vector<int64_t> times(job->profile != nullptr ? program_.steps.size() : 0);
    for (size_t i = 0; i < program_.steps.size(); ++i) {
        const Step& step = program_.steps[i];
        if (step.op == nullptr) continue;
        const void** const inputs = operands;
        void** const outputs = const_cast<void**>(operands + step.inputs.size());
        for (size_t j = 0; j < step.inputs.size(); ++j) inputs[j] = address(step.inputs[j]);
        for (size_t j = 0; j < step.outputs.size(); ++j) outputs[j] = address(step.outputs[j]);
        const RunArgs args{samples, inputs, outputs, scratch, threads};
        const auto before = times.empty() ? std::chrono::steady_clock::time_point() : std::chrono::steady_clock::now();
        if (step.backend == nullptr) {
            step.op->run(args);
        } else {
            char message[512] = "";
            const octavo_status status = step.backend->try_run(args, message, sizeof message);
            message[sizeof message - 1] = '\0';
            if (status != OCTAVO_OK) throw Error(status, text("operator \"", step.info.name, "\": ", message));
        }
        if (!times.empty()) times[i] = std::chrono::nanoseconds(std::chrono::steady_clock::now() - before).count();
    }
    if (job->profile != nullptr) job->profile->add(times);
}

size_t Plan::bytes_needed(int64_t samples, int threads) const {
    size_t scratch = 0;
    for (const Step& step : program_.steps) {
        if (step.op != nullptr) scratch = std::max(scratch, step.op->scratch_bytes(samples, threads));
    }
    const int64_t arena = static_cast<int64_t>(program_.operand_bytes + program_.fixed_bytes +
                                               program_.sample_bytes * static_cast<size_t>(samples));
    return static_cast<size_t>(checked_add(arena, static_cast<int64_t>(scratch)));
}

int64_t Plan::workspace_bytes() const {
    const size_t most = workspaces_.most_bytes();
    if (most > 0) return static_cast<int64_t>(most);
    return static_cast<int64_t>(bytes_needed(std::max<int64_t>(1, std::min(chunk_, max_batch_)), 1));
}

AlignedArray<std::byte>& Plan::state(int value, int64_t bytes) {
    const auto found = program_.states.find(value);
    if (found == program_.states.end())
        throw Error(OCTAVO_INVALID_ARGUMENT, text("value ", value, " is no state of this plan"));
    const int64_t size = static_cast<int64_t>(found->second.bytes());
    if (bytes != size)
        throw Error(OCTAVO_SHAPE_MISMATCH, text("state ", value, ": ", bytes, " bytes, expected ", size));
    return found->second;
}

void Plan::read_state(int value, void* data, int64_t bytes) {
    const Visit visit(&runs_);
    const AlignedArray<std::byte>& from = state(value, bytes);
    std::lock_guard<std::mutex> lock(state_mutex_);
    std::memcpy(data, from.data(), from.bytes());
}

void Plan::write_state(int value, const void* data, int64_t bytes) {
    const Visit visit(&runs_);
    AlignedArray<std::byte>& to = state(value, bytes);
    std::lock_guard<std::mutex> lock(state_mutex_);
    std::memcpy(to.data(), data, to.bytes());
}

}  // namespace octavo
