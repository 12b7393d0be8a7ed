// Float linear layers: y = x w^T + bias with x [M, K], w [N, K], and the two gradients, as oneDNN matrix products.
#include <algorithm>
#include <optional>

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
    int split(int64_t batch, int threads) const { return threads_for(rows(batch) * n * k, macs_per_thread, threads); }
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

    size_t scratch_bytes(int64_t batch, int threads) override { return variant(batch, threads)->call.scratch_bytes(); }

    void run(const Run& run) override {
        ThreadCount count(sizes_.split(run.batch, run.threads));
        const std::shared_ptr<Variant> v = variant(run.batch, run.threads);
        const void* weights = v->constant ? v->constant->data() : weights_.get(run.inputs);
        v->call.run({run.in(0), weights, bias_.get(run.inputs), run.out(0)}, run.scratch);
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

    std::shared_ptr<Variant> variant(int64_t batch, int threads) {
        return variants_.get(batch, sizes_.split(batch, threads), [this](int64_t b, int t) {
            ThreadCount count(t);
            const auto pd = forward(sizes_.rows(b));
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
    PerBatch<Variant> variants_;
};

// dx [M, K] = dy [M, N] w [N, K].
class LinearGradInput : public Operator {
public:
    explicit LinearGradInput(const Request& request)
        : sizes_(request, request.output(0, OCTAVO_F32), request.input(1, OCTAVO_F32), request.input(0, OCTAVO_F32)),
          weights_(request, 1) {
        kernel_ = std::string("linear_grad_input_onednn ") + backward(sizes_.rows(1)).impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override { return call(batch, threads)->scratch_bytes(); }

    void run(const Run& run) override {
        ThreadCount count(sizes_.split(run.batch, run.threads));
        call(run.batch, run.threads)->run({run.in(0), weights_.get(run.inputs), run.out(0)}, run.scratch);
    }

    const char* kernel() const override { return kernel_.c_str(); }

private:
    dnnl::matmul::primitive_desc backward(int64_t m) const {
        return dnnl::matmul::primitive_desc(engine(), matrix(m, sizes_.n, Tag::ab), matrix(sizes_.n, sizes_.k, Tag::ab),
                                            matrix(m, sizes_.k, Tag::ab), user_scratchpad());
    }

    std::shared_ptr<Call> call(int64_t batch, int threads) {
        return calls_.get(batch, sizes_.split(batch, threads), [this](int64_t b, int t) {
            ThreadCount count(t);
            const auto pd = backward(sizes_.rows(b));
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
    PerBatch<Call> calls_;
};

// dw [N, K] = dy^T x; dbias [N] = the column sums of dy.
class LinearGradWeight : public Operator {
public:
    explicit LinearGradWeight(const Request& request)
        : sizes_(request, request.input(0, OCTAVO_F32), request.output(0, OCTAVO_F32), request.input(1, OCTAVO_F32)),
          bias_(request.has_output(1)) {
        if (bias_) request.require_dims(request.output(1, OCTAVO_F32), {sizes_.n});
        kernel_ = std::string("linear_grad_weight_onednn ") + backward(sizes_.rows(1)).impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override { return call(batch, threads)->scratch_bytes(); }

    void run(const Run& run) override {
        ThreadCount count(sizes_.split(run.batch, run.threads));
        call(run.batch, run.threads)
            ->run({run.in(0), run.in(1), run.out(0), bias_ ? run.out(1) : nullptr}, run.scratch);
    }

    const char* kernel() const override { return kernel_.c_str(); }

private:
    using Backward = dnnl::inner_product_backward_weights::primitive_desc;

    Backward backward(int64_t m) const {
        const auto x = matrix(m, sizes_.k, Tag::ab), w = matrix(sizes_.n, sizes_.k, Tag::ab),
                   y = matrix(m, sizes_.n, Tag::ab);
        const dnnl::memory::desc bias =
            bias_ ? dnnl::memory::desc({sizes_.n}, Type::f32, Tag::x) : dnnl::memory::desc();
        const dnnl::inner_product_forward::primitive_desc hint(engine(), dnnl::prop_kind::forward_training, x, w, bias,
                                                               y);
        return Backward(engine(), x, w, bias, y, hint, user_scratchpad());
    }

    std::shared_ptr<Call> call(int64_t batch, int threads) {
        return calls_.get(batch, sizes_.split(batch, threads), [this](int64_t b, int t) {
            ThreadCount count(t);
            const Backward pd = backward(sizes_.rows(b));
            return std::make_shared<Call>(dnnl::inner_product_backward_weights(pd),
                                          Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                                          {DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                                          {DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc()},
                                                          {DNNL_ARG_DIFF_BIAS, pd.diff_bias_desc()}},
                                          pd.scratchpad_desc());
        });
    }

    Sizes sizes_;
    bool bias_;
    std::string kernel_;
    PerBatch<Call> calls_;
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
