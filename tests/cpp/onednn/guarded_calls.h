// Guard pages around everything that oneDNN is given. For one file of a test program: the functions defined here take the place
// of the libraries' for the whole program, and call them with every buffer moved between guard pages.
//
// oneDNN's primitives and its matrix product: inputs, outputs and scratchpad, each as large as its description says, unused bytes
// of its first and last page checked. Operators of the back end: their scratch memory. What a call must write itself, scratch and
// gradients, holds other bytes before than it would by chance.
#ifndef OCTAVO_TESTS_ONEDNN_GUARDED_CALLS_H
#define OCTAVO_TESTS_ONEDNN_GUARDED_CALLS_H

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>

#include "octavo/octavo.h"
#include "oneapi/dnnl/dnnl.h"
#include "onednn/one_operator.h"

namespace octavo::test {

enum class Access { read, write, update };  // write: what was there before must not matter

// Buffers of one call.
class GuardedArguments {
public:
    explicit GuardedArguments(std::string call) : call_(std::move(call)), outer_(current()) { current() = this; }
    ~GuardedArguments() { current() = outer_; }
    GuardedArguments(const GuardedArguments&) = delete;
    GuardedArguments& operator=(const GuardedArguments&) = delete;

    // alignment: of the buffer's first byte and its size, at most a page.
    void* move(const std::string& name, const void* data, size_t bytes, size_t alignment, Access access) {
        if (!data || bytes == 0) return const_cast<void*>(data);
        const size_t whole = (bytes + alignment - 1) / alignment * alignment;
        moved_.push_back({name, const_cast<void*>(data), bytes, access, GuardedBuffer<std::byte>(whole, guarded_side)});
        Moved& m = moved_.back();
        std::memset(m.first_byte(), canary, m.mapped());
        std::memset(m.buffer.data(), poison(), whole);
        if (access != Access::write) std::memcpy(m.buffer.data(), data, bytes);
        return m.buffer.data();
    }

    // Copies results back; what must not have changed and has fails the test.
    void finish() {
        for (Moved& m : moved_) {
            std::byte* data = m.buffer.data();
            if (m.access != Access::read) {
                std::memcpy(m.data, data, m.bytes);
            } else if (std::memcmp(m.data, data, m.bytes) != 0) {
                ADD_FAILURE() << call_ << " changed " << m.name;
            }
            const std::byte *first = m.first_byte(), *end = first + m.mapped();
            for (const std::byte* b = first; b < end; ++b) {
                const std::byte untouched{b >= data && b < data + m.buffer.size() ? poison() : canary};
                if ((b >= data && b < data + m.bytes) || *b == untouched) continue;
                ADD_FAILURE() << call_ << " wrote byte " << b - data << " of " << m.name << ", which has " << m.bytes;
                break;
            }
        }
    }

    // For the handler of a signal: which call, and which of its buffers the address is nearest to.
    static void describe_fault(const void* address, char* text, size_t bytes) {
        const auto* at = static_cast<const std::byte*>(address);
        const GuardedArguments* call = current();
        if (!call) {
            std::snprintf(text, bytes, "Outside of oneDNN.\n");
            return;
        }
        const Moved* nearest = nullptr;
        ptrdiff_t least = 1 << 20;
        for (const Moved& m : call->moved_) {
            const std::byte* data = m.buffer.data();
            const ptrdiff_t away = at < data ? data - at : at - (data + m.bytes - 1);
            if (away < least) least = away, nearest = &m;
        }
        if (nearest) {
            std::snprintf(text, bytes, "%s touched byte %td of %s, which has %zu.\n", call->call_.c_str(),
                          at - nearest->buffer.data(), nearest->name.c_str(), nearest->bytes);
        } else {
            std::snprintf(text, bytes, "%s touched %p, which is near none of its arguments.\n", call->call_.c_str(),
                          address);
        }
    }

private:
    struct Moved {
        std::string name;
        void* data;
        size_t bytes;
        Access access;
        GuardedBuffer<std::byte> buffer;

        static size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
        std::byte* first_byte() const {
            const auto start = reinterpret_cast<uintptr_t>(buffer.data());
            return reinterpret_cast<std::byte*>(start / page() * page());
        }
        size_t mapped() const {
            const auto end = reinterpret_cast<uintptr_t>(buffer.data() + buffer.size());
            return (end + page() - 1) / page() * page() - reinterpret_cast<uintptr_t>(first_byte());
        }
    };
    static constexpr unsigned char canary = 0xA5;
    // All ones is NaN as a float; the other is a large number.
    static unsigned char poison() { return guarded_side == Guard::after ? 0xFF : 0x6B; }
    static GuardedArguments*& current() {
        static thread_local GuardedArguments* call = nullptr;
        return call;
    }

    std::string call_;
    GuardedArguments* outer_;
    std::deque<Moved> moved_;
};

template <class Function>
Function* next_function(const char* name) {
    void* address = dlsym(RTLD_NEXT, name);
    if (!address) {
        std::fprintf(stderr, "%s\n", dlerror());
        _exit(1);
    }
    return reinterpret_cast<Function*>(address);
}

inline Access access_of(int argument) {
    switch (argument) {
        case DNNL_ARG_DIFF_SRC:
        case DNNL_ARG_DIFF_WEIGHTS:
        case DNNL_ARG_DIFF_BIAS:
        case DNNL_ARG_WORKSPACE:
        case DNNL_ARG_SCRATCHPAD:
            return Access::write;
        case DNNL_ARG_DST:  // which may be added to
            return Access::update;
        default:
            return Access::read;
    }
}

inline std::string argument_name(int argument) {
    switch (argument) {
        case DNNL_ARG_SRC:
            return "src";
        case DNNL_ARG_WEIGHTS:
            return "weights";
        case DNNL_ARG_BIAS:
            return "bias";
        case DNNL_ARG_DST:
            return "dst";
        case DNNL_ARG_DIFF_SRC:
            return "diff_src";
        case DNNL_ARG_DIFF_WEIGHTS:
            return "diff_weights";
        case DNNL_ARG_DIFF_BIAS:
            return "diff_bias";
        case DNNL_ARG_DIFF_DST:
            return "diff_dst";
        case DNNL_ARG_SCRATCHPAD:
            return "the scratchpad";
        default:
            return "argument " + std::to_string(argument);
    }
}

// Bytes up to the last element. oneDNN's own size of part of a matrix counts the rest of its last row too, which a view of some
// columns does not have.
inline size_t bytes_of(const_dnnl_memory_desc_t memory, int argument) {
    const size_t bytes = dnnl_memory_desc_get_size(memory);
    if (argument != DNNL_ARG_SRC || bytes == 0) return bytes;
    int rank = 0, blocks = 0;
    const dnnl_dims_t *dims = nullptr, *strides = nullptr;
    dnnl_data_type_t type = dnnl_f32;
    dnnl_memory_desc_query(memory, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(memory, dnnl_query_inner_nblks_s32, &blocks);
    dnnl_memory_desc_query(memory, dnnl_query_dims, &dims);
    dnnl_memory_desc_query(memory, dnnl_query_strides, &strides);
    dnnl_memory_desc_query(memory, dnnl_query_data_type, &type);
    if (blocks > 0) return bytes;
    int64_t last = 0;
    for (int i = 0; i < rank; ++i) last += ((*dims)[i] - 1) * (*strides)[i];
    return std::min(bytes, static_cast<size_t>(last + 1) * dnnl_data_type_size(type));
}

// The back end whose table was registered last.
inline octavo_backend guarded_backend;

inline octavo_status guarded_run(void* op, int64_t batch, int32_t threads, const void* const* inputs,
                                 void* const* outputs, void* scratch, char* message, size_t message_bytes) {
    int64_t bytes = 0;
    octavo_status status = guarded_backend.scratch_bytes(op, batch, threads, &bytes, message, message_bytes);
    if (status != OCTAVO_OK) return status;
    GuardedArguments arguments("the operator");
    void* guarded = arguments.move("its scratch memory", scratch, static_cast<size_t>(bytes), 64, Access::write);
    status = guarded_backend.run(op, batch, threads, inputs, outputs, guarded, message, message_bytes);
    arguments.finish();
    return status;
}

}  // namespace octavo::test

// Seen by the libraries, who ask the program first.
#define OCTAVO_TEST_REPLACES __attribute__((visibility("default")))

extern "C" {

OCTAVO_TEST_REPLACES dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream,
                                                          int nargs, const dnnl_exec_arg_t* args) {
    using namespace octavo::test;
    static auto* const execute = next_function<decltype(dnnl_primitive_execute)>("dnnl_primitive_execute");
    const_dnnl_primitive_desc_t desc = nullptr;
    const char* implementation = "?";
    dnnl_primitive_get_primitive_desc(primitive, &desc);
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &implementation);
    GuardedArguments arguments(implementation);
    std::vector<void*> handles(static_cast<size_t>(nargs));
    for (int i = 0; i < nargs; ++i) {
        const_dnnl_memory_desc_t memory = nullptr;
        dnnl_memory_get_memory_desc(args[i].memory, &memory);
        dnnl_memory_get_data_handle(args[i].memory, &handles[i]);
        // Formats of oneDNN's own and scratchpads begin a cache line; the caller's buffers are aligned to their elements.
        dnnl_format_kind_t kind = dnnl_format_kind_any;
        int blocks = 0;
        dnnl_memory_desc_query(memory, dnnl_query_format_kind, &kind);
        dnnl_memory_desc_query(memory, dnnl_query_inner_nblks_s32, &blocks);
        const bool plain = kind == dnnl_blocked && blocks == 0 && args[i].arg != DNNL_ARG_SCRATCHPAD;
        dnnl_memory_set_data_handle(
            args[i].memory, arguments.move(argument_name(args[i].arg), handles[i], bytes_of(memory, args[i].arg),
                                           plain ? 1 : 64, access_of(args[i].arg)));
    }
    const dnnl_status_t status = execute(primitive, stream, nargs, args);
    arguments.finish();
    for (int i = 0; i < nargs; ++i) dnnl_memory_set_data_handle(args[i].memory, handles[i]);
    return status;
}

OCTAVO_TEST_REPLACES dnnl_status_t dnnl_sgemm(char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k,
                                              float alpha, const float* a, dnnl_dim_t lda, const float* b,
                                              dnnl_dim_t ldb, float beta, float* c, dnnl_dim_t ldc) {
    using namespace octavo::test;
    static auto* const sgemm = next_function<decltype(dnnl_sgemm)>("dnnl_sgemm");
    const auto bytes = [](dnnl_dim_t rows, dnnl_dim_t columns, dnnl_dim_t pitch) {
        return static_cast<size_t>((rows - 1) * pitch + columns) * sizeof(float);
    };
    const bool plain_a = transa == 'N' || transa == 'n', plain_b = transb == 'N' || transb == 'n';
    GuardedArguments arguments("sgemm");
    const void* guarded_a = arguments.move("a", a, plain_a ? bytes(m, k, lda) : bytes(k, m, lda), 1, Access::read);
    const void* guarded_b = arguments.move("b", b, plain_b ? bytes(k, n, ldb) : bytes(n, k, ldb), 1, Access::read);
    void* guarded_c =
        arguments.move("c", c, bytes(m, n, ldc), 1, beta == 0 && ldc == n ? Access::write : Access::update);
    const dnnl_status_t status =
        sgemm(transa, transb, m, n, k, alpha, static_cast<const float*>(guarded_a), lda,
              static_cast<const float*>(guarded_b), ldb, beta, static_cast<float*>(guarded_c), ldc);
    arguments.finish();
    return status;
}

OCTAVO_TEST_REPLACES octavo_status octavo_register_backend(const octavo_backend* backend) {
    using namespace octavo::test;
    guarded_backend = *backend;
    octavo_backend table = *backend;
    table.run = guarded_run;
    return next_function<decltype(octavo_register_backend)>("octavo_register_backend")(&table);
}

}  // extern "C"

#endif
