/* The second library from C: links, finds oneDNN beside itself, and registers its operators. */
#include <octavo/octavo_onednn.h>
#include <stdio.h>

int main(void) {
    if (octavo_onednn_register() != OCTAVO_OK) {
        fprintf(stderr, "%s\n", octavo_last_error());
        return 1;
    }
    printf("octavo %s, oneDNN %s\n", octavo_version(), octavo_onednn_version());
    return 0;
}
