#include "octavo/octavo.h"

const char* octavo_version(void) { return OCTAVO_VERSION; }
