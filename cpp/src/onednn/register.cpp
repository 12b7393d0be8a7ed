#include "octavo/octavo_onednn.h"
#include "onednn/backend.h"

octavo_status octavo_onednn_register(void) { return octavo_register_backend(&octavo::onednn::backend()); }
