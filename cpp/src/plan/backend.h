// The registered back end: a table of function pointers of another library, and its operators as the plan sees them.
#ifndef OCTAVO_PLAN_BACKEND_H
#define OCTAVO_PLAN_BACKEND_H

#include <memory>
#include <string>

#include "ops/op.h"
#include "plan/signature.h"

namespace octavo {

// Copies the table. Throws Error(OCTAVO_INVALID_ARGUMENT) if its name or a function is null.
void register_backend(const octavo_backend& backend);
// The table registered last, null if none.
std::shared_ptr<const octavo_backend> registered_backend();

// An operator that runs in the back end. Unlike Octavo's own operators it may fail while it runs.
class BackendOp final : public Op {
public:
    // Throws Refusal with the back end's reason.
    BackendOp(std::shared_ptr<const octavo_backend> backend, const OpDesc& desc, const Signature& signature);
    ~BackendOp() override;
    BackendOp(const BackendOp&) = delete;
    BackendOp& operator=(const BackendOp&) = delete;

    // A failure's sentence, without the operator's name, goes to message.
    octavo_status try_run(const RunArgs& args, char* message, size_t message_bytes) const noexcept;
    // For callers that can do nothing about a failure; the plan calls try_run.
    void run(const RunArgs& args) const noexcept override;
    // Throws Error where the back end cannot run such a batch.
    size_t scratch_bytes(int64_t batch, int threads) const override;
    bool couples_batch() const override { return couples_; }
    std::string kernel() const override { return kernel_; }
    std::string reason() const override { return reason_; }
    int64_t weight_bytes() const override;
    int64_t macs() const override { return macs_; }

private:
    std::shared_ptr<const octavo_backend> backend_;
    void* op_ = nullptr;
    std::string name_, kernel_, reason_;
    bool couples_;
    int64_t macs_;
};

}  // namespace octavo

#endif
