// Float linear layers: y = x w^T + bias with x [M, K], w [N, K], and the two gradients, as oneDNN matrix products.
#include <algorithm>
#include <optional>

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

class Linear : public Operator {
public:
    explicit Linear(const Request& request)
        : desc_(request.desc()),
          sizes_(request, request.input(0, OCTAVO_F32), request.input(1, OCTAVO_F32), request.output(0, OCTAVO_F32)),
          weights_(request, 1),
          bias_(request, 2) {
        if (request.has_input(3)) request.refuse("a residual is implemented for conv2d only");
        if (bias_.present()) request.require_dims(request.input(2), {sizes_.n});
        const auto pd = forward(sizes_.rows(1));
        kernel_ = std::string("linear_f32_onednn ") + pd.impl_info_str();
        if (weights_.constant()) {
            packed_.emplace(matrix(sizes_.k, sizes_.n, Tag::ba), weights_.constant_data());
            packed_->pack(pd.weights_desc());
        }
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = sizes_.split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut);
    }

    void run(const Run& run) override {
        const Split cut = sizes_.split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            const std::shared_ptr<Variant> v = variant(end - begin);
            const void* weights = v->constant ? v->constant->data() : weights_.get(run.inputs);
            v->call.run({run.in(0) + begin * sizes_.k, weights, bias_.get(run.inputs), run.out(0) + begin * sizes_.n},
                        run.scratch + static_cast<size_t>(worker) * bytes);
        });
    }

    int64_t weight_bytes() const override { return (packed_ ? packed_->bytes() : 0) + bias_.bytes(); }
    const char* kernel() const override { return kernel_.c_str(); }

private:
    struct Variant {
        Call call;
        std::shared_ptr<Buffer> constant;
    };

    dnnl::matmul::primitive_desc forward(int64_t m) const {
        return dnnl::matmul::primitive_desc(engine(), matrix(m, sizes_.k, Tag::ab),
                                            matrix(sizes_.k, sizes_.n, weights_.constant() ? Tag::any : Tag::ba),
                                            bias_.present() ? matrix(1, sizes_.n, Tag::ab) : dnnl::memory::desc(),
                                            matrix(m, sizes_.n, Tag::ab), fused(desc_, nullptr));
    }

    size_t worker_bytes(const Split& cut) {
        return whole_lines(
            std::max(variant(cut.smallest())->call.scratch_bytes(), variant(cut.largest())->call.scratch_bytes()));
    }

    std::shared_ptr<Variant> variant(int64_t rows) {
        return variants_.get(rows, [this](int64_t m) {
            const auto pd = forward(m);
            return std::shared_ptr<Variant>(new Variant{Call(dnnl::matmul(pd),
                                                             {{DNNL_ARG_SRC, pd.src_desc()},
                                                              {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                              {DNNL_ARG_BIAS, pd.bias_desc()},
                                                              {DNNL_ARG_DST, pd.dst_desc()}},
                                                             pd.scratchpad_desc()),
                                                        packed_ ? packed_->pack(pd.weights_desc()) : nullptr});
        });
    }

    octavo_op_desc desc_;
    Sizes sizes_;
    Parameter weights_, bias_;
    std::optional<PackedWeights> packed_;
    std::string kernel_;
    PerCount<Variant> variants_;
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
