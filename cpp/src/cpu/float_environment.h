// The floating-point environment that results rest on.
#ifndef OCTAVO_CPU_FLOAT_ENVIRONMENT_H
#define OCTAVO_CPU_FLOAT_ENVIRONMENT_H

namespace octavo {

// While it lives, the calling thread rounds to nearest, keeps subnormal numbers and traps nothing, whatever the caller has set in
// MXCSR; then the caller's settings are back. (Nothing here computes with the x87 unit.)
class FloatEnvironment {
public:
    FloatEnvironment() : given_(__builtin_ia32_stmxcsr()) {
        if (differs()) __builtin_ia32_ldmxcsr(standard);
    }
    FloatEnvironment(const FloatEnvironment&) = delete;
    FloatEnvironment& operator=(const FloatEnvironment&) = delete;
    ~FloatEnvironment() {
        if (differs()) __builtin_ia32_ldmxcsr(given_);
    }

private:
    static constexpr unsigned standard = 0x1f80, flags = 0x3f;  // all exceptions masked; those seen so far
    bool differs() const { return (given_ & ~flags) != standard; }

    unsigned given_;
};

}  // namespace octavo

#endif
