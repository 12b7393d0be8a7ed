// This library's table of operators.
#ifndef OCTAVO_ONEDNN_BACKEND_H
#define OCTAVO_ONEDNN_BACKEND_H

#include "octavo/octavo.h"

namespace octavo::onednn {

// The table that octavo_onednn_register hands to liboctavo. No function of it throws.
const octavo_backend& backend();

}  // namespace octavo::onednn

#endif
