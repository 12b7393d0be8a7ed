/* One quantized linear layer, y = x W^T, built and run through the C interface; prints the two codes of the result. */
#include <octavo/octavo.h>
#include <stdio.h>

#define CHECK(call)                                                  \
    do {                                                             \
        if ((call) != OCTAVO_OK) {                                   \
            fprintf(stderr, "%s: %s\n", #call, octavo_last_error()); \
            return 1;                                                \
        }                                                            \
    } while (0)

int main(void) {
    const float x_scale = 0.5f, w_scale = 0.25f, y_scale = 0.125f;
    const int32_t x_zero = 10, w_zero = 0, y_zero = 100;
    const int8_t weights[2][4] = {{1, 2, 3, 4}, {-1, -2, -3, -40}};

    octavo_value_desc x = {
        .name = "x", .dtype = OCTAVO_U8, .role = OCTAVO_INPUT, .batched = 1, .rank = 2, .dims = {1, 4}};
    x.axis = -1, x.param_count = 1, x.scales = &x_scale, x.zero_points = &x_zero;
    octavo_value_desc w = {.name = "w", .dtype = OCTAVO_S8, .role = OCTAVO_CONSTANT, .rank = 2, .dims = {2, 4}};
    w.axis = -1, w.param_count = 1, w.scales = &w_scale, w.zero_points = &w_zero, w.data = weights;
    octavo_value_desc y = {
        .name = "y", .dtype = OCTAVO_U8, .role = OCTAVO_OUTPUT, .batched = 1, .rank = 2, .dims = {1, 2}};
    y.axis = -1, y.param_count = 1, y.scales = &y_scale, y.zero_points = &y_zero;
    octavo_op_desc linear = {
        .name = "linear", .kind = OCTAVO_OP_LINEAR, .input_count = 4, .output_count = 1, .groups = 1};

    octavo_builder* builder = NULL;
    octavo_plan* plan = NULL;
    CHECK(octavo_builder_create(&builder));
    CHECK(octavo_builder_value(builder, &x, &linear.inputs[0]));
    CHECK(octavo_builder_value(builder, &w, &linear.inputs[1]));
    linear.inputs[2] = linear.inputs[3] = -1;
    CHECK(octavo_builder_value(builder, &y, &linear.outputs[0]));
    CHECK(octavo_builder_op(builder, &linear));
    CHECK(octavo_builder_build(builder, NULL, &plan));

    const uint8_t input[4] = {11, 12, 13, 14};
    uint8_t output[2] = {0, 0};
    const void* inputs[] = {input};
    void* outputs[] = {output};
    CHECK(octavo_plan_run(plan, 1, inputs, outputs));
    printf("octavo %s: %d %d\n", octavo_version(), output[0], output[1]);
    octavo_plan_destroy(plan);
    octavo_builder_destroy(builder);
    /* Sums 30 and -174, times 0.5 * 0.25 / 0.125 = 1: 130, and -74 which saturates at 0. */
    return output[0] == 130 && output[1] == 0 ? 0 : 2;
}
