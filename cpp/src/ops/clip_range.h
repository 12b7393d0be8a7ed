// Ranges that clip what lies far out, from the occupied bins of a histogram.
#ifndef OCTAVO_OPS_CLIP_RANGE_H
#define OCTAVO_OPS_CLIP_RANGE_H

#include <cstdint>
#include <utility>
#include <vector>

#include "ops/occupied.h"
#include "ops/range_codes.h"

namespace octavo {

struct Limits {
    float lo, hi;
};

// The values' magnitudes, in bins of the same width: bin i mirrors bin -i - 1. What it works with is used again.
class Magnitudes {
public:
    void set(const Occupied& of);

    struct Bin {
        int64_t bin;
        double count;
    };
    const std::vector<Bin>& bins() const { return bins_; }
    // The same in wider bins.
    void widen(int shift);

private:
    std::vector<Bin> bins_;
};

// The range that holds a share of the values: of their magnitudes for symmetric codes, otherwise cutting as many at either end, or
// at the far end alone where all have one sign. Linear inside a bin.
Limits percentile_range(const Occupied& of, const RangeCodes& codes, double share, Magnitudes* work);

// Analytical clipping. For a Laplace distribution of mean absolute deviation b and a normal one of standard deviation sigma, the
// expected squared error of 2^bits levels over [-alpha, alpha] is (Banner et al., Post training 4-bit quantization of convolutional
// networks for rapid-deployment, 2019, equations 5 and 6)
//   Laplace: 2 b^2 e^(-alpha/b) + alpha^2 / (3 4^bits)
//   normal:  (alpha^2 + sigma^2) erfc(alpha / (sqrt(2) sigma)) + alpha^2 / (3 4^bits) - sqrt(2/pi) alpha sigma e^(-alpha^2 / (2 sigma^2))
// Whichever of the two minima has the smaller error on the values. Values of one sign count as half of a symmetric distribution,
// whose levels would be twice as many.
Limits analytical_range(const Occupied& of, const RangeCodes& codes);

// The range with the least Kullback-Leibler divergence between the values' histogram, cut at a threshold with the rest piled on the
// last bin, and the same bins quantized to the codes' levels and spread again over those bins that held something (Migacz, 8-bit
// inference with TensorRT, 2017). Thresholds are as many bins as there are levels and the far edges of occupied bins beyond,
// on magnitudes: a range with both signs is cut at the same distance on either side.
Limits entropy_range(const Occupied& of, const RangeCodes& codes, Magnitudes* work);

}  // namespace octavo

#endif
