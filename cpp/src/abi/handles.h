// What the opaque handles of the C interface are.
#ifndef OCTAVO_ABI_HANDLES_H
#define OCTAVO_ABI_HANDLES_H

#include <memory>

#include "plan/builder.h"
#include "plan/plan.h"

struct octavo_builder {
    octavo::Builder builder;
};

struct octavo_weights {
    std::shared_ptr<octavo::SharedObjects> objects;
};

struct octavo_plan {
    std::unique_ptr<octavo::Plan> plan;
};

#endif
