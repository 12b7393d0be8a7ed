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
    const int64_t x_dims[] = {1, 4}, w_dims[] = {2, 4}, y_dims[] = {1, 2};

    octavo_value_desc x = {.size = sizeof x, .name = "x", .dtype = OCTAVO_U8, .role = OCTAVO_INPUT, .batched = 1};
    x.rank = 2, x.dims = x_dims, x.axis = -1, x.param_count = 1, x.scales = &x_scale, x.zero_points = &x_zero;
    octavo_value_desc w = {.size = sizeof w, .name = "w", .dtype = OCTAVO_S8, .role = OCTAVO_CONSTANT, .data = weights};
    w.rank = 2, w.dims = w_dims, w.axis = -1, w.param_count = 1, w.scales = &w_scale, w.zero_points = &w_zero;
    octavo_value_desc y = {.size = sizeof y, .name = "y", .dtype = OCTAVO_U8, .role = OCTAVO_OUTPUT, .batched = 1};
    y.rank = 2, y.dims = y_dims, y.axis = -1, y.param_count = 1, y.scales = &y_scale, y.zero_points = &y_zero;
    int32_t operands[2], result;
    octavo_op_desc linear = {.size = sizeof linear, .name = "linear", .kind = OCTAVO_OP_LINEAR};
    linear.input_count = 2, linear.inputs = operands, linear.output_count = 1, linear.outputs = &result;

    octavo_builder* builder = NULL;
    octavo_plan* plan = NULL;
    CHECK(octavo_builder_create(&builder));
    CHECK(octavo_builder_value(builder, &x, &operands[0]));
    CHECK(octavo_builder_value(builder, &w, &operands[1]));
    CHECK(octavo_builder_value(builder, &y, &result));
    CHECK(octavo_builder_op(builder, &linear));
    CHECK(octavo_builder_build(builder, NULL, &plan));

    uint8_t input[4] = {11, 12, 13, 14}, output[2] = {0, 0};
    const octavo_buffer in = {.size = sizeof in, .data = input, .bytes = sizeof input, .rank = 2, .dims = x_dims};
    const octavo_buffer out = {.size = sizeof out, .data = output, .bytes = sizeof output, .rank = 2, .dims = y_dims};
    const octavo_run_args args = {sizeof args, 1, &in, 1, &out};
    CHECK(octavo_plan_run(plan, &args));
    printf("octavo %s: %d %d\n", octavo_version(), output[0], output[1]);
    octavo_plan_destroy(plan);
    octavo_builder_destroy(builder);
    /* Sums 30 and -174, times 0.5 * 0.25 / 0.125 = 1: 130, and -74 which saturates at 0. */
    return output[0] == 130 && output[1] == 0 ? 0 : 2;
}
