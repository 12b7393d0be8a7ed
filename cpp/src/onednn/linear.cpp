// Float linear layers: y = x w^T + bias with x [M, K], w [N, K], and the two gradients, as oneDNN matrix products.
#include <algorithm>
#include <memory>
#include <vector>

#include "onednn/activation.h"
#include "onednn/clones.h"
#include "onednn/operator.h"
#include "onednn/primitive.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

struct Sizes {
    int64_t rows_per_sample, n, k;
    Operand x;

    // x [.., K], w [N, K], y [.., N].
    Sizes(const Request& request, const Operand& input, const Operand& w, const Operand& y) : x(input) {
        request.require_rank(w, 2);
        n = w.dims[0], k = w.dims[1];
        if (x.rank() < 1 || x.dims.back() != k) request.mismatch(x.text(), "a last dimension of " + std::to_string(k));
        std::vector<int64_t> expected = x.dims;
        expected.back() = n;
        request.require_dims(y, expected);
        if (x.batched != y.batched) request.mismatch(y.text(), "batched like " + x.text());
        if (x.layout != OCTAVO_PLAIN || y.layout != OCTAVO_PLAIN) request.refuse("implemented for plain layout");
        if (x.batched && x.rank() < 2) request.mismatch(x.text(), "rank 2 or more");
        rows_per_sample = x.elements() / k;
    }
    int64_t rows(int64_t batch) const { return rows_per_sample * (x.batched ? batch : 1); }
    int64_t macs(int64_t batch) const { return rows(batch) * n * k; }
    Split split(int64_t batch, int threads) const {
        return Split::of(rows(batch), macs(batch), macs_per_thread, threads);
    }
};

dnnl::memory::desc matrix(int64_t rows, int64_t columns, Tag tag) { return {{rows, columns}, Type::f32, tag}; }

// Cut by rows, or, where there are few, by output features. Weights are packed in pieces of features whose number only their size
// decides, and a row alone is computed as two: for one row oneDNN has another kernel, which adds in another order (and is no faster:
// 1000 x 2048, 185 microseconds against 141). So a row's result is the same whatever the threads and whatever other rows there are.
class Linear : public Operator {
public:
    explicit Linear(const Request& request)
        : attributes_(request.attributes()),
          sizes_(request, request.input(0, OCTAVO_F32), request.input(1, OCTAVO_F32), request.output(0, OCTAVO_F32)),
          weights_(request, 1),
          bias_(request, 2),
          features_(features_of_piece(sizes_)) {
        if (request.has_input(3)) request.refuse("a residual is implemented for conv2d only");
        if (bias_.present()) request.require_dims(request.input(2), {sizes_.n});
        const int64_t rows = at_least_two(sizes_.rows(1));
        kernel_ = std::string("linear_f32_onednn ") + forward(rows, features_, attributes_).impl_info_str();
        if (!weights_.constant()) return;
        for (int64_t piece = 0; piece < pieces(); ++piece) {
            const int64_t first = piece * features_ * sizes_.k;
            packed_.push_back(PackedWeights::of(request, 1, matrix(sizes_.k, width(piece), Tag::ba), {first}, [&] {
                return PackedWeights::Data(weights_.kept(), weights_.constant_data() + first);
            }));
            packed_.back()->pack(forward(rows, width(piece), attributes_).weights_desc());
        }
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = cut_run(batch, threads);
        return static_cast<size_t>(cut.threads) * bytes_of_worker(cut, sizes_.rows(batch));
    }

    void run(const Run& run) override {
        const Split cut = cut_run(run.batch, run.threads);
        const int64_t rows = sizes_.rows(run.batch);
        const size_t bytes = bytes_of_worker(cut, rows);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            std::byte* scratch = run.scratch + static_cast<size_t>(worker) * bytes;
            const int64_t first = cut.bands > 1 ? pieces() * begin / cut.bands : 0;
            const int64_t last = cut.bands > 1 ? pieces() * end / cut.bands : pieces();
            for (int64_t piece = first; piece < last; ++piece) {
                cut.bands > 1 ? go(run, 0, rows, piece, scratch) : go(run, begin, end - begin, piece, scratch);
            }
        });
    }

    int64_t weight_bytes() const override {
        int64_t bytes = bias_.bytes();
        for (const auto& packed : packed_) bytes += packed->bytes();
        return bytes;
    }
    const char* kernel() const override { return kernel_.c_str(); }

private:
    // For pieces of one width, which are all but the last, or the last.
    struct Variant {
        Call call;
        std::vector<std::shared_ptr<Buffer>> constants;  // by piece; null: of another width
    };

    // Whole vectors, and as many as are worth a thread at one row.
    static int64_t features_of_piece(const Sizes& sizes) {
        const int64_t pieces = std::clamp<int64_t>(sizes.n * sizes.k / macs_per_thread, 1, 8);
        return pieces == 1 ? sizes.n : std::min(sizes.n, (sizes.n / pieces + 63) / 64 * 64);
    }
    int64_t pieces() const { return (sizes_.n + features_ - 1) / features_; }
    int64_t width(int64_t piece) const { return std::min(features_, sizes_.n - piece * features_); }

    Split cut_run(int64_t batch, int threads) const {
        const Split by_rows = sizes_.split(batch, threads);
        const Split by_features = Split::of_bands(1, pieces(), sizes_.macs(batch), macs_per_thread, threads);
        return by_features.threads > by_rows.threads ? by_features : by_rows;
    }

    dnnl::matmul::primitive_desc forward(int64_t rows, int64_t features, const Attributes& attributes) const {
        return dnnl::matmul::primitive_desc(engine(), matrix(rows, sizes_.k, Tag::ab),
                                            matrix(sizes_.k, features, weights_.constant() ? Tag::any : Tag::ba),
                                            bias_.present() ? matrix(1, features, Tag::ab) : dnnl::memory::desc(),
                                            dnnl::memory::desc({rows, features}, Type::f32, Dims{sizes_.n, 1}),
                                            fused(attributes, nullptr));
    }

    std::shared_ptr<Variant> make(int64_t rows, int64_t features, const Attributes& attributes) const {
        const auto pd = forward(rows, features, attributes);
        std::vector<std::shared_ptr<Buffer>> constants(packed_.size());
        for (size_t piece = 0; piece < packed_.size(); ++piece) {
            if (width(static_cast<int64_t>(piece)) == features)
                constants[piece] = packed_[piece]->pack(pd.weights_desc());
        }
        return std::shared_ptr<Variant>(new Variant{Call(dnnl::matmul(pd),
                                                         {{DNNL_ARG_SRC, pd.src_desc()},
                                                          {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                          {DNNL_ARG_BIAS, pd.bias_desc()},
                                                          {DNNL_ARG_DST, pd.dst_desc()}},
                                                         pd.scratchpad_desc()),
                                                    std::move(constants)});
    }

    static int64_t at_least_two(int64_t rows) { return std::max<int64_t>(rows, 2); }

    static int64_t key(int64_t rows, bool last) { return 2 * rows + last; }
    std::shared_ptr<Variant> variant(int64_t rows, int64_t piece) {
        return variants_.get(key(rows, piece + 1 == pieces()),
                             [&](int64_t) { return make(rows, width(piece), attributes_); });
    }

    // oneDNN's own, and before it two rows of each side for a row alone.
    size_t twin_bytes() const { return whole_lines(static_cast<size_t>(2 * (sizes_.k + sizes_.n)) * sizeof(float)); }
    size_t bytes_of_worker(const Split& cut, int64_t rows) {
        size_t most = 0;
        for (const int64_t n : {cut.bands > 1 ? rows : cut.smallest(), cut.bands > 1 ? rows : cut.largest()}) {
            for (const int64_t piece : {int64_t{0}, pieces() - 1})
                most = std::max(most, variant(at_least_two(n), piece)->call.scratch_bytes());
        }
        return twin_bytes() + whole_lines(most);
    }

    // Rows from `first` on, the features of a piece.
    void go(const Run& run, int64_t first, int64_t rows, int64_t piece, std::byte* scratch) {
        const int64_t feature = piece * features_, n = at_least_two(rows);
        const float* x = run.in(0) + first * sizes_.k;
        float* y = run.out(0) + first * sizes_.n + feature;
        if (n == rows) {
            multiply(run, x, n, piece, y, scratch);
            return;
        }
        auto *twins = reinterpret_cast<float*>(scratch), *results = twins + 2 * sizes_.k;
        std::copy_n(x, sizes_.k, twins);
        std::copy_n(x, sizes_.k, twins + sizes_.k);
        multiply(run, twins, n, piece, results, scratch);
        std::copy_n(results, width(piece), y);
    }

    void multiply(const Run& run, const float* x, int64_t rows, int64_t piece, float* y, std::byte* scratch) {
        const auto with = [&](const Variant& v, void* work) {
            const int64_t feature = piece * features_;
            const float *weights = weights_.get(run.inputs), *bias = bias_.get(run.inputs);
            const void* packed =
                v.constants.empty() ? weights + feature * sizes_.k : v.constants[static_cast<size_t>(piece)]->data();
            v.call.run({x, packed, bias ? bias + feature : nullptr, y}, work);
        };
        run_activated(
            attributes_, [&] { with(*variant(rows, piece), scratch + twin_bytes()); },
            [&] {
                const std::shared_ptr<Variant> v = plain_variants_.get(key(rows, piece + 1 == pieces()), [&](int64_t) {
                    return make(rows, width(piece), without_activation(attributes_));
                });
                const Buffer memory(v->call.scratch_bytes());
                with(*v, memory.data());
                for (int64_t row = 0; row < rows; ++row) activate(attributes_, y + row * sizes_.n, width(piece));
            });
    }

    Attributes attributes_;
    Sizes sizes_;
    Parameter weights_, bias_;
    const int64_t features_;  // of a piece
    std::vector<std::shared_ptr<PackedWeights>> packed_;
    std::string kernel_;
    PerCount<Variant> variants_, plain_variants_;  // plain: without activation
};

// dx [M, K] = dy [M, N] w [N, K].
class LinearGradInput : public Operator {
public:
    explicit LinearGradInput(const Request& request)
        : sizes_(request, request.output(0, OCTAVO_F32), request.input(1, OCTAVO_F32), request.input(0, OCTAVO_F32)),
          weights_(request, 1) {
        kernel_ = std::string("linear_grad_input_onednn ") + backward(sizes_.rows(1)).impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = sizes_.split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut);
    }

    void run(const Run& run) override {
        const Split cut = sizes_.split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            call(end - begin)
                ->run({run.in(0) + begin * sizes_.n, weights_.get(run.inputs), run.out(0) + begin * sizes_.k},
                      run.scratch + static_cast<size_t>(worker) * bytes);
        });
    }

    const char* kernel() const override { return kernel_.c_str(); }

private:
    dnnl::matmul::primitive_desc backward(int64_t m) const {
        return dnnl::matmul::primitive_desc(engine(), matrix(m, sizes_.n, Tag::ab), matrix(sizes_.n, sizes_.k, Tag::ab),
                                            matrix(m, sizes_.k, Tag::ab), user_scratchpad());
    }

    size_t worker_bytes(const Split& cut) {
        return whole_lines(std::max(call(cut.smallest())->scratch_bytes(), call(cut.largest())->scratch_bytes()));
    }

    std::shared_ptr<Call> call(int64_t rows) {
        return calls_.get(rows, [this](int64_t m) {
            const auto pd = backward(m);
            return std::make_shared<Call>(dnnl::matmul(pd),
                                          Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                                          {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                          {DNNL_ARG_DST, pd.dst_desc()}},
                                          pd.scratchpad_desc());
        });
    }

    Sizes sizes_;
    Parameter weights_;
    std::string kernel_;
    PerCount<Call> calls_;
};

// Sums of columns of a matrix with rows `pitch` apart, from the first row on.
OCTAVO_CLONES void column_sums(const float* __restrict x, int64_t rows, int64_t pitch, int64_t columns,
                               float* __restrict sums) {
    std::fill_n(sums, columns, 0.0f);
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) sums[c] += x[r * pitch + c];
    }
}

// dw [N, K] = dy^T x; dbias [N] = the column sums of dy. Cut by output features, so that no sum is.
class LinearGradWeight : public Operator {
public:
    explicit LinearGradWeight(const Request& request)
        : sizes_(request, request.input(0, OCTAVO_F32), request.output(0, OCTAVO_F32), request.input(1, OCTAVO_F32)),
          bias_(request.has_output(1)) {
        if (bias_) request.require_dims(request.output(1, OCTAVO_F32), {sizes_.n});
        kernel_ = std::string("linear_grad_weight_onednn ") + backward(sizes_.rows(1), sizes_.n).impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut, sizes_.rows(batch));
    }

    void run(const Run& run) override {
        const Split cut = split(run.batch, run.threads);
        const int64_t rows = sizes_.rows(run.batch);
        const size_t bytes = worker_bytes(cut, rows);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            const float* dy = run.in(1) + begin;
            call(rows, end - begin)
                ->run({dy, run.in(0), run.out(0) + begin * sizes_.k},
                      run.scratch + static_cast<size_t>(worker) * bytes);
            if (bias_) column_sums(dy, rows, sizes_.n, end - begin, run.out(1) + begin);
        });
    }

    const char* kernel() const override { return kernel_.c_str(); }

private:
    Split split(int64_t batch, int threads) const {
        return Split::of(sizes_.n, sizes_.macs(batch), macs_per_thread, threads);
    }

    dnnl::matmul::primitive_desc backward(int64_t rows, int64_t features) const {
        const dnnl::memory::desc dy({features, rows}, Type::f32, Dims{1, sizes_.n});
        return dnnl::matmul::primitive_desc(engine(), dy, matrix(rows, sizes_.k, Tag::ab),
                                            matrix(features, sizes_.k, Tag::ab), user_scratchpad());
    }

    size_t worker_bytes(const Split& cut, int64_t rows) {
        return whole_lines(
            std::max(call(rows, cut.smallest())->scratch_bytes(), call(rows, cut.largest())->scratch_bytes()));
    }

    std::shared_ptr<Call> call(int64_t rows, int64_t features) {
        // One number for both: features are at most n.
        return calls_.get(rows * (sizes_.n + 1) + features, [&](int64_t) {
            const auto pd = backward(rows, features);
            return std::make_shared<Call>(dnnl::matmul(pd),
                                          Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                                          {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                          {DNNL_ARG_DST, pd.dst_desc()}},
                                          pd.scratchpad_desc());
        });
    }

    Sizes sizes_;
    bool bias_;
    std::string kernel_;
    PerCount<Call> calls_;
};

}  // namespace

std::unique_ptr<Operator> create_linear(const Request& request) { return std::make_unique<Linear>(request); }
std::unique_ptr<Operator> create_linear_grad_input(const Request& request) {
    return std::make_unique<LinearGradInput>(request);
}
std::unique_ptr<Operator> create_linear_grad_weight(const Request& request) {
    return std::make_unique<LinearGradWeight>(request);
}

}  // namespace octavo::onednn
