#include "bench/memory_work.h"

#include <functional>
#include <stdexcept>

#include "bench/octavo_layer.h"
#include "bench/operation.h"

namespace octavo::bench {

namespace {

struct MemoryRow {
    const char* name;
    octavo_op_kind kind;
    int inputs, x_bytes, y_bytes;  // a byte for u8, 4 for f32; y_bytes 0: a whole-array function with a small result
};

constexpr MemoryRow rows[] = {{"quantize", OCTAVO_OP_QUANTIZE, 1, 4, 1},
                              {"quantize_image", OCTAVO_OP_QUANTIZE, 1, 4, 1},
                              {"dequantize", OCTAVO_OP_DEQUANTIZE, 1, 1, 4},
                              {"requantize", OCTAVO_OP_REQUANTIZE, 1, 1, 1},
                              {"max_pool", OCTAVO_OP_MAX_POOL2D, 1, 1, 1},
                              {"avg_pool", OCTAVO_OP_AVG_POOL2D, 1, 1, 1},
                              {"add", OCTAVO_OP_ADD, 2, 1, 1},
                              {"min_max", -1, 1, 4, 0},
                              {"histogram", -1, 1, 4, 0}};

const MemoryRow& row_of(const Shape& shape) {
    for (const MemoryRow& row : rows) {
        if (shape.operation == row.name) return row;
    }
    throw std::runtime_error(shape.name + ": unknown operation " + shape.operation);
}

int32_t add_image(octavo_builder* builder, const Shape& s, octavo_role role, int bytes, float scale) {
    const bool result = role == OCTAVO_OUTPUT, image = s.operation == "quantize_image";
    const std::vector<int64_t> dims = {1, s.channels, result ? s.out_height() : s.height,
                                       result ? s.out_width() : s.width};
    octavo_value_desc desc = describe_value(bytes == 4 ? OCTAVO_F32 : OCTAVO_U8, role,
                                            image && !result ? OCTAVO_PLAIN : OCTAVO_NHWC, true, dims);
    if (bytes == 1) {
        desc.param_count = 1;
        desc.scales = &scale;
    }
    return add_value(builder, desc);
}

void describe(octavo_builder* builder, const Problem& p, const MemoryRow& row) {
    Operation op;
    op.kind = row.kind;
    op.backend = OCTAVO_BACKEND_OCTAVO;
    for (int i = 0; i < row.inputs; ++i)
        op.inputs.push_back(add_image(builder, p.shape, OCTAVO_INPUT, row.x_bytes, p.x_scale));
    op.outputs = {add_image(builder, p.shape, OCTAVO_OUTPUT, row.y_bytes, p.y_scale)};
    if (op.kind == OCTAVO_OP_MAX_POOL2D || op.kind == OCTAVO_OP_AVG_POOL2D)
        op.kernel = p.shape.kernel, op.stride = p.shape.stride, op.padding = p.shape.padding;
    op.add_to(builder);
}

// A function on the problem's reals.
class ArrayWorkload : public Workload {
public:
    ArrayWorkload(Bytes input, std::function<void(const float*, int64_t)> call)
        : input_(std::move(input)), call_(std::move(call)) {}
    void run() override { call_(input_.as<float>(), input_.size() / 4); }
    const Bytes& output() const override { return output_; }

private:
    Bytes input_, output_;
    std::function<void(const float*, int64_t)> call_;
};

void min_max(const float* x, int64_t n) {
    float min = 0, max = 0;
    int64_t nans = 0, infinities = 0;
    check(octavo_min_max(x, 1, 1, n, &min, &max, &nans, &infinities));
}

// 2048 bins over the range of the codes' reals.
constexpr int64_t bins = 2048;
void histogram(const float* x, int64_t n) {
    int64_t counts[bins] = {};
    check(octavo_histogram(x, n, -8, 0, bins, counts));
}

class Copy : public Workload {
public:
    Copy(int64_t bytes, int threads) : from_(bytes), to_(bytes), threads_(threads) {}
    void run() override { check(octavo_parallel_for(threads_, threads_, part, this)); }
    const Bytes& output() const override { return to_; }

private:
    static void part(void* self, int64_t index, int32_t) {
        const Copy& copy = *static_cast<const Copy*>(self);
        const int64_t size = copy.from_.size(), begin = size * index / copy.threads_,
                      end = size * (index + 1) / copy.threads_;
        std::memcpy(copy.to_.data() + begin, copy.from_.data() + begin, static_cast<size_t>(end - begin));
    }

    Bytes from_, to_;
    int threads_;
};

class Read : public Workload {
public:
    Read(int64_t bytes, const Peak& peak) : from_(bytes), peak_(peak) {}
    void run() override { peak_.read(from_.data(), static_cast<size_t>(from_.size()) & ~size_t{255}); }
    const Bytes& output() const override { return from_; }

private:
    Bytes from_;
    const Peak& peak_;
};

}  // namespace

int64_t bytes_moved(const Shape& shape) {
    const MemoryRow& row = row_of(shape);
    return shape.inputs() * row.inputs * row.x_bytes + shape.results() * row.y_bytes;
}

bool one_thread_only(const Shape& shape) { return row_of(shape).y_bytes == 0; }

std::unique_ptr<Workload> octavo_memory(const Problem& problem) {
    const MemoryRow& row = row_of(problem.shape);
    if (row.y_bytes == 0)
        return std::make_unique<ArrayWorkload>(problem.x_reals(),
                                               problem.shape.operation == "min_max" ? min_max : histogram);
    std::vector<Bytes> inputs;
    for (int i = 0; i < row.inputs; ++i) inputs.push_back(row.x_bytes == 4 ? problem.x_reals() : problem.x.copy());
    octavo_plan* plan =
        describe_plan([&](octavo_builder* builder) { describe(builder, problem, row); }, problem.threads);
    return std::make_unique<PlanWorkload>(plan, 1, std::move(inputs));
}

std::unique_ptr<Workload> machine_memory(const Problem& problem, const Peak& peak) {
    const int64_t bytes = bytes_moved(problem.shape);
    if (one_thread_only(problem.shape)) return std::make_unique<Read>(bytes, peak);
    return std::make_unique<Copy>(bytes / 2, problem.threads);
}

}  // namespace octavo::bench
