/* The second library, liboctavo_onednn: float and training operators, and the alternative int8 back end, on oneDNN. */
#ifndef OCTAVO_OCTAVO_ONEDNN_H
#define OCTAVO_OCTAVO_ONEDNN_H

#include "octavo/octavo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Registers oneDNN's operators with liboctavo; harmless when repeated. */
OCTAVO_API octavo_status octavo_onednn_register(void);
/* Version of the oneDNN library in use, such as "3.11.0". */
OCTAVO_API const char* octavo_onednn_version(void);

#ifdef __cplusplus
}
#endif
#endif
