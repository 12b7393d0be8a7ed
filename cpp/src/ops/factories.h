// The makers of the operators, one a kind; each throws Refusal or Error as create_op does.
#ifndef OCTAVO_OPS_FACTORIES_H
#define OCTAVO_OPS_FACTORIES_H

#include <memory>

#include "ops/op.h"

namespace octavo {

using OpFactory = std::unique_ptr<Op> (*)(const OpDesc&);

}  // namespace octavo

#endif
