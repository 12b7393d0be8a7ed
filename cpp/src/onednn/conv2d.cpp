// Float convolution. NHWC activations go to oneDNN as they are; weights are packed to the format it asks for, once if they are
// constant, else in every run's scratch.
//
// Which implementation: on AVX-512 oneDNN's direct kernels ("jit") beat its blocked-GEMM ones ("brg") with fewer than 16
// channels (5x5 6 -> 16 at 12x12: 5.9 against 7.0 microseconds an image on Zen 4), and lose from 16 on (3x3 16 -> 16: 55
// against 44). Few output channels are widened by WidthFold first (5x5 3 -> 6 at 32x32: 19.7 to 11.9).
#include <algorithm>
#include <optional>

#include "onednn/activation.h"
#include "onednn/detours.h"
#include "onednn/geometry.h"
#include "onednn/operator.h"
#include "onednn/primitive.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

dnnl::memory::desc f32(const Dims& dims, Tag tag) { return {dims, Type::f32, tag}; }

using ForwardDesc = dnnl::convolution_forward::primitive_desc;

ForwardDesc describe(const Geometry& g, int64_t n, bool bias, bool training, const dnnl::primitive_attr& attr) {
    const auto prop = training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    return ForwardDesc(engine(), prop, dnnl::algorithm::convolution_direct, f32(g.source(n), g.tag()),
                       f32(g.weights(), Tag::any), bias ? f32(g.bias(), Tag::x) : dnnl::memory::desc(),
                       f32(g.result(n), g.tag()), g.strides(), g.dilations(), g.pad_begin(), g.pad_end(), attr);
}

bool is_direct(const std::string& implementation) { return implementation.compare(0, 15, "jit:avx512_core") == 0; }
bool is_any(const std::string&) { return true; }

// The primitive for some number of images, and where its pieces of scratch memory lie.
struct Variant {
    std::optional<Call> conv;
    std::unique_ptr<Call> reorder;     // between the caller's weights and the primitive's; null: they are the same
    std::shared_ptr<Buffer> constant;  // weights packed for all runs
    size_t plain_at = 0, packed_at = 0, bias_at = 0, samples_at = 0, work_at = 0, total = 0;

    // The rest of the scratch memory: the weights as the primitive has them, and what it and the reorder work in.
    void finish(ScratchLayout* scratch, const dnnl::memory::desc& packed, const dnnl::memory::desc& scratchpad) {
        size_t work = scratchpad.get_size();
        if (reorder) {
            packed_at = scratch->add(packed.get_size());
            work = std::max(work, reorder->scratch_bytes());
        }
        work_at = scratch->add(work);
        total = scratch->total();
    }
};

// What the gradients have in common: images are cut into parts, and there is a variant for each size of a part.
class Convolution : public Operator {
public:
    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut);
    }
    const char* kernel() const override { return kernel_.c_str(); }
    const char* reason() const override { return reason_.c_str(); }

protected:
    // images: the operand that tells how many there are.
    Convolution(const Operand& images, const Geometry& geometry) : narrow_(geometry), images_(images) {}

    virtual std::shared_ptr<Variant> make_variant(int64_t images) = 0;

    Split split(int64_t batch, int threads) const {
        return Split::of(images_.images(batch), narrow_.macs() * images_.images(batch), macs_per_thread, threads);
    }
    std::shared_ptr<Variant> variant(int64_t images) {
        return variants_.get(images, [this](int64_t n) { return make_variant(n); });
    }
    size_t worker_bytes(const Split& cut) {
        return whole_lines(std::max(variant(cut.smallest())->total, variant(cut.largest())->total));
    }

    const Geometry narrow_;  // as the request has it
    std::string kernel_, reason_;

private:
    Operand images_;
    PerCount<Variant> variants_;
};

// Images are cut into parts for the threads, and where there are fewer images, bands of their lines: the same numbers, whatever the
// cut.
class Conv2d : public Operator {
public:
    explicit Conv2d(const Request& request)
        : x_(request.input(0, OCTAVO_F32)),
          narrow_(Geometry::convolution(request, x_, request.input(1, OCTAVO_F32), request.output(0, OCTAVO_F32))),
          attributes_(request.attributes()),
          fold_(WidthFold::choose(narrow_)),
          weights_(request, 1),
          bias_(request, 2),
          residual_(request.has_input(3)) {
        if (bias_.present()) request.require_dims(request.input(2), {narrow_.oc});
        if (residual_) request.require_alike(request.input(3, OCTAVO_F32), request.output(0));
        if (bias_.constant() && folded()) {
            wide_bias_.resize(static_cast<size_t>(wide().oc));
            fold_.expand_bias(bias_.constant_data(), wide_bias_.data());
        }
        const ForwardDesc pd = forward(wide(), 1, attributes_, &reason_);
        kernel_ = std::string("conv2d_f32_onednn ") + pd.impl_info_str();
        if (weights_.constant()) {
            packed_ = PackedWeights::of(request, 1, f32(wide().weights(), wide().weight_tag()), fold_.form(), [&] {
                if (!folded()) return PackedWeights::Data(weights_.kept(), weights_.constant_data());
                auto expanded = std::make_shared<std::vector<float>>(static_cast<size_t>(wide().weight_elements()));
                fold_.expand_weights(weights_.constant_data(), expanded->data());
                return PackedWeights::Data(expanded, expanded->data());
            });
            packed_->pack(pd.weights_desc());
        }
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = cut_run(batch, threads);
        return static_cast<size_t>(cut.threads) * bytes_of_worker(cut);
    }

    void run(const Run& run) override {
        const Split cut = cut_run(run.batch, run.threads);
        const size_t bytes = bytes_of_worker(cut);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            const Piece piece =
                cut.bands == 1 ? whole_images(begin, end) : band(begin / cut.bands, begin % cut.bands, cut.bands);
            std::byte* scratch = run.scratch + static_cast<size_t>(worker) * bytes;
            run_activated(
                attributes_, [&] { go(run, piece, *fused_variant(piece), scratch); },
                [&] {
                    const std::shared_ptr<Variant> v = plain_variants_.get(
                        piece.key, [&](int64_t) { return make(piece, without_activation(attributes_)); });
                    const Buffer memory(v->total);
                    go(run, piece, *v, static_cast<std::byte*>(memory.data()));
                    activate(attributes_, run.out(0) + piece.result, piece.images * piece.geometry.result_elements());
                });
        });
    }

    const char* kernel() const override { return kernel_.c_str(); }
    const char* reason() const override { return reason_.c_str(); }
    int64_t weight_bytes() const override {
        return (packed_ ? packed_->bytes() : 0) + bias_.bytes() +
               static_cast<int64_t>(wide_bias_.size() * sizeof(float));
    }

private:
    const Geometry& wide() const { return fold_.wide(); }
    bool folded() const { return fold_.factor() > 1; }

    // What a thread does at a time: whole images, or a band of lines of one.
    struct Piece {
        Geometry geometry;  // wide
        int64_t images;
        int64_t source, result;  // first elements
        int64_t key;             // the same for pieces that one variant serves
    };

    Split cut_run(int64_t batch, int threads) const {
        const int64_t n = x_.images(batch), lines = narrow_.has_bands() ? narrow_.oh : 1;
        return Split::of_bands(n, lines, narrow_.macs() * n, macs_per_thread, threads);
    }

    Piece whole_images(int64_t begin, int64_t end) const {
        return {wide(), end - begin, begin * narrow_.source_elements(), begin * narrow_.result_elements(), end - begin};
    }

    Piece band(int64_t image, int64_t number, int64_t bands) const {
        const int64_t first = narrow_.oh * number / bands, end = narrow_.oh * (number + 1) / bands;
        const Geometry g = wide().band(first, end);
        // Bands that are alike in these are alike.
        const int64_t key = -1 - g.oh - (narrow_.oh + 1) * (g.pt + (narrow_.pt + 1) * g.pb);
        return {g, 1, image * narrow_.source_elements() + narrow_.band_source(first),
                image * narrow_.result_elements() + first * narrow_.ow * narrow_.oc, key};
    }

    std::shared_ptr<Variant> fused_variant(const Piece& piece) {
        return variants_.get(piece.key, [&](int64_t) { return make(piece, attributes_); });
    }

    size_t bytes_of_worker(const Split& cut) {
        if (cut.bands == 1) {
            return whole_lines(std::max(fused_variant(whole_images(0, cut.smallest()))->total,
                                        fused_variant(whole_images(0, cut.largest()))->total));
        }
        size_t most = 0;
        for (int b = 0; b < cut.bands; ++b) most = std::max(most, fused_variant(band(0, b, cut.bands))->total);
        return whole_lines(most);
    }

    void go(const Run& run, const Piece& piece, const Variant& v, std::byte* scratch) const {
        const void* weights = v.constant ? v.constant->data() : nullptr;
        if (!weights) {
            const float* plain = weights_.get(run.inputs);
            if (folded()) {
                auto* expanded = reinterpret_cast<float*>(scratch + v.plain_at);
                fold_.expand_weights(plain, expanded);
                plain = expanded;
            }
            weights = plain;
            if (v.reorder) {
                weights = scratch + v.packed_at;
                v.reorder->run({plain, weights}, scratch + v.work_at);
            }
        }
        const float* bias = bias_.get(run.inputs);
        if (bias && folded()) {
            if (bias_.constant()) {
                bias = wide_bias_.data();
            } else {
                auto* expanded = reinterpret_cast<float*>(scratch + v.bias_at);
                fold_.expand_bias(bias, expanded);
                bias = expanded;
            }
        }
        v.conv->run({run.in(0) + piece.source, weights, bias, run.out(0) + piece.result,
                     residual_ ? run.in(3) + piece.result : nullptr},
                    scratch + v.work_at);
    }

    ForwardDesc forward(const Geometry& g, int64_t n, const Attributes& attributes,
                        std::string* reasons = nullptr) const {
        const dnnl::memory::desc result = f32(g.result(n), g.tag());
        const dnnl::primitive_attr attr = fused(attributes, residual_ ? &result : nullptr);
        return choose_implementation(
            Pass::forward, g, [&] { return describe(g, n, bias_.present(), false, attr); },
            g.ic < 16 ? is_direct : is_any, reasons);
    }

    std::shared_ptr<Variant> make(const Piece& piece, const Attributes& attributes) {
        const ForwardDesc pd = forward(piece.geometry, piece.images, attributes);
        auto v = std::make_shared<Variant>();
        ScratchLayout scratch;
        if (folded() && bias_.present() && !bias_.constant()) v->bias_at = scratch.add(wide().oc * sizeof(float));
        if (weights_.constant()) {
            v->constant = packed_->pack(pd.weights_desc());
        } else {
            const dnnl::memory::desc plain = f32(wide().weights(), wide().weight_tag());
            if (folded()) v->plain_at = scratch.add(plain.get_size());
            v->reorder = Call::reorder(plain, pd.weights_desc());
        }
        v->finish(&scratch, pd.weights_desc(), pd.scratchpad_desc());
        v->conv.emplace(dnnl::convolution_forward(pd),
                        Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                        {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                        {DNNL_ARG_BIAS, pd.bias_desc()},
                                        {DNNL_ARG_DST, pd.dst_desc()},
                                        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                                         residual_ ? pd.dst_desc() : dnnl::memory::desc()}},
                        pd.scratchpad_desc());
        return v;
    }

    const Operand x_;
    const Geometry narrow_;  // as the request has it
    std::string kernel_, reason_;
    Attributes attributes_;
    WidthFold fold_;
    Parameter weights_, bias_;
    bool residual_;
    std::vector<float> wide_bias_;
    std::shared_ptr<PackedWeights> packed_;        // null: weights are given to every run
    PerCount<Variant> variants_, plain_variants_;  // by a piece's key; plain: without activation
};

// dw and dbias from x and dy: a sum over each part's images, then over the parts in their order. The same bytes for a thread count.
class Conv2dGradWeight : public Convolution {
public:
    explicit Conv2dGradWeight(const Request& request)
        : Convolution(request.input(0, OCTAVO_F32),
                      Geometry::convolution(request, request.input(0, OCTAVO_F32), request.output(0, OCTAVO_F32),
                                            request.input(1, OCTAVO_F32))),
          sampling_(find_detour(Pass::grad_weight, Remedy::sample, "", narrow_)),
          fold_(WidthFold::choose(sampling_ ? narrow_.of_samples() : narrow_)),
          bias_(request.has_output(1)) {
        if (bias_) request.require_dims(request.output(1, OCTAVO_F32), {narrow_.oc});
        if (sampling_) add_reason(&reason_, *sampling_);
        kernel_ = std::string("conv2d_grad_weight_onednn ") + backward(1, &reason_).impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const auto more = static_cast<size_t>(split(batch, threads).parts - 1);
        return Convolution::scratch_bytes(batch, threads) + more * sum_bytes();
    }

    void run(const Run& run) override {
        const Split cut = split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        std::byte* sums = run.scratch + static_cast<size_t>(cut.threads) * bytes;
        const auto sum_of = [&](int part) {
            return reinterpret_cast<float*>(sums + static_cast<size_t>(part - 1) * sum_bytes());
        };
        float *weights = run.out(0), *bias = bias_ ? run.out(1) : nullptr;
        const int64_t elements = narrow_.weight_elements();
        run_parts(cut, [&](int64_t begin, int64_t end, int part, int worker) {
            float* to = part == 0 ? weights : sum_of(part);
            float* to_bias = !bias_ ? nullptr : part == 0 ? bias : to + elements;
            images(run, begin, end, run.scratch + static_cast<size_t>(worker) * bytes, to, to_bias);
        });
        for (int part = 1; part < cut.parts; ++part) {
            const float* sum = sum_of(part);
            for (int64_t i = 0; i < elements; ++i) weights[i] += sum[i];
            for (int64_t i = 0; bias && i < narrow_.oc; ++i) bias[i] += sum[elements + i];
        }
    }

private:
    using Backward = dnnl::convolution_backward_weights::primitive_desc;

    const Geometry& wide() const { return fold_.wide(); }
    bool folded() const { return fold_.factor() > 1; }
    size_t sum_bytes() const {
        return whole_lines(static_cast<size_t>(narrow_.weight_elements() + narrow_.oc) * sizeof(float));
    }

    void images(const Run& run, int64_t begin, int64_t end, std::byte* scratch, float* weights, float* bias) {
        const std::shared_ptr<Variant> v = variant(end - begin);
        float* wide_bias = bias && folded() ? reinterpret_cast<float*>(scratch + v->bias_at) : bias;
        float* plain = folded() ? reinterpret_cast<float*>(scratch + v->plain_at) : weights;
        void* packed = v->reorder ? static_cast<void*>(scratch + v->packed_at) : plain;
        const float* x = run.in(0) + begin * narrow_.source_elements();
        if (sampling_) {
            auto* samples = reinterpret_cast<float*>(scratch + v->samples_at);
            const int64_t elements = wide().source_elements();
            for (int64_t i = 0; i < end - begin; ++i) {
                narrow_.sample(x + i * narrow_.source_elements(), samples + i * elements);
            }
            x = samples;
        }
        v->conv->run({x, run.in(1) + begin * narrow_.result_elements(), packed, wide_bias}, scratch + v->work_at);
        if (v->reorder) v->reorder->run({packed, plain}, scratch + v->work_at);
        if (folded()) {
            fold_.collapse_weights(plain, weights);
            if (bias) fold_.collapse_bias(wide_bias, bias);
        }
    }

    Backward backward(int64_t n, std::string* reasons = nullptr) const {
        const Geometry& g = wide();
        const ForwardDesc hint = describe(g, n, bias_, true, user_scratchpad());
        const auto make = [&] {
            return Backward(engine(), dnnl::algorithm::convolution_direct, f32(g.source(n), g.tag()),
                            f32(g.weights(), Tag::any), bias_ ? f32(g.bias(), Tag::x) : dnnl::memory::desc(),
                            f32(g.result(n), g.tag()), g.strides(), g.dilations(), g.pad_begin(), g.pad_end(), hint,
                            user_scratchpad());
        };
        return choose_implementation(Pass::grad_weight, g, make, is_any, reasons);
    }

    std::shared_ptr<Variant> make_variant(int64_t n) override {
        const Backward pd = backward(n);
        auto v = std::make_shared<Variant>();
        ScratchLayout scratch;
        const dnnl::memory::desc plain = f32(wide().weights(), wide().weight_tag());
        if (folded()) v->plain_at = scratch.add(plain.get_size());
        if (folded() && bias_) v->bias_at = scratch.add(wide().oc * sizeof(float));
        if (sampling_) v->samples_at = scratch.add(static_cast<size_t>(n * wide().source_elements()) * sizeof(float));
        v->reorder = Call::reorder(pd.diff_weights_desc(), plain);
        v->finish(&scratch, pd.diff_weights_desc(), pd.scratchpad_desc());
        v->conv.emplace(dnnl::convolution_backward_weights(pd),
                        Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                        {DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                        {DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc()},
                                        {DNNL_ARG_DIFF_BIAS, pd.diff_bias_desc()}},
                        pd.scratchpad_desc());
        return v;
    }

    const Detour* sampling_;
    WidthFold fold_;  // of the samples, if sampling
    bool bias_;
};

// dx from dy and w by oneDNN's own backward kernels: the way for 16 input channels or more.
class Conv2dGradInput : public Convolution {
public:
    Conv2dGradInput(const Request& request, const Geometry& geometry)
        : Convolution(request.input(0), geometry), weights_(request, 1) {
        const Backward pd = backward(1, &reason_);
        kernel_ = std::string("conv2d_grad_input_onednn ") + pd.impl_info_str();
        if (weights_.constant())
            packed_ = PackedWeights::of(request, 1, f32(narrow_.weights(), narrow_.weight_tag()), {},
                                        [&] { return PackedWeights::Data(weights_.kept(), weights_.constant_data()); });
    }

    void run(const Run& run) override {
        const Split cut = split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            std::byte* scratch = run.scratch + static_cast<size_t>(worker) * bytes;
            const std::shared_ptr<Variant> v = variant(end - begin);
            const void* weights = v->constant ? v->constant->data() : weights_.get(run.inputs);
            if (v->reorder) {
                void* packed = scratch + v->packed_at;
                v->reorder->run({weights, packed}, scratch + v->work_at);
                weights = packed;
            }
            v->conv->run({run.in(0) + begin * narrow_.result_elements(), weights,
                          run.out(0) + begin * narrow_.source_elements()},
                         scratch + v->work_at);
        });
    }

    int64_t weight_bytes() const override { return packed_ ? packed_->bytes() : 0; }

private:
    using Backward = dnnl::convolution_backward_data::primitive_desc;

    Backward backward(int64_t n, std::string* reasons = nullptr) const {
        const Geometry& g = narrow_;
        const ForwardDesc hint = describe(g, n, false, true, user_scratchpad());
        const auto make = [&] {
            return Backward(engine(), dnnl::algorithm::convolution_direct, f32(g.source(n), g.tag()),
                            f32(g.weights(), Tag::any), f32(g.result(n), g.tag()), g.strides(), g.dilations(),
                            g.pad_begin(), g.pad_end(), hint, user_scratchpad());
        };
        return choose_implementation(Pass::grad_input, g, make, is_direct, reasons);
    }

    std::shared_ptr<Variant> make_variant(int64_t n) override {
        const Backward pd = backward(n);
        auto v = std::make_shared<Variant>();
        ScratchLayout scratch;
        if (weights_.constant()) {
            v->constant = packed_->pack(pd.weights_desc());
        } else {
            v->reorder = Call::reorder(f32(narrow_.weights(), narrow_.weight_tag()), pd.weights_desc());
        }
        v->finish(&scratch, pd.weights_desc(), pd.scratchpad_desc());
        v->conv.emplace(dnnl::convolution_backward_data(pd),
                        Call::Arguments{{DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                        {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                        {DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}},
                        pd.scratchpad_desc());
        return v;
    }

    Parameter weights_;
    std::shared_ptr<PackedWeights> packed_;  // null: weights are given to every run
};

}  // namespace

std::unique_ptr<Operator> create_conv2d(const Request& request) { return std::make_unique<Conv2d>(request); }

std::unique_ptr<Operator> create_conv2d_grad_weight(const Request& request) {
    return std::make_unique<Conv2dGradWeight>(request);
}

std::unique_ptr<Operator> create_conv2d_grad_input(const Request& request) {
    const Operand dy = request.input(0, OCTAVO_F32), w = request.input(1, OCTAVO_F32),
                  dx = request.output(0, OCTAVO_F32);
    const Geometry geometry = Geometry::convolution(request, dx, w, dy);
    if (geometry.layout == OCTAVO_NHWC && geometry.groups == 1 && geometry.ic < 16) {
        return create_conv2d_grad_input_gemm(request, geometry);
    }
    return std::make_unique<Conv2dGradInput>(request, geometry);
}

}  // namespace octavo::onednn
