package io.octavo.graph;

import io.octavo.InvalidValueException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Operators that put elements elsewhere and compute nothing, of any type; codes keep their parameters. Inputs of S64 that say where
 * must be known when the graph is lowered, unless said. Negative axes and positions there count from the end, as in ONNX.
 */
public sealed interface Movement extends Op
        permits Movement.Reshape,
                Movement.Transpose,
                Movement.Slice,
                Movement.Concat,
                Movement.Split,
                Movement.Pad,
                Movement.Gather,
                Movement.Expand,
                Movement.Tile,
                Movement.Trilu,
                Movement.OneHot,
                Movement.Resize,
                Movement.SpaceToDepth,
                Movement.DepthToSpace {

    /**
     * {@code x, [shape S64 [rank]] -> the same elements in the same order under another shape}. Without parts the input says it: 0
     * copies the dimension of x (unless {@code zeroIsZero}), -1 stands for what is left.
     *
     * @param parts the dimensions of the result; null: as the second input says
     */
    record Reshape(List<Part> parts, boolean zeroIsZero) implements Movement {
        /** A dimension of the result. */
        public sealed interface Part permits Number, Product, Rest {}

        /** A number. */
        public record Number(long size) implements Part {}

        /** The product of the dimensions {@code from} (included) to {@code to} (excluded) of x; 1 if there are none. */
        public record Product(int from, int to) implements Part {}

        /** What is left of the elements; at most once. */
        public record Rest() implements Part {}

        /** Copies and checks the parts. */
        public Reshape {
            if (parts != null) {
                parts = List.copyOf(parts);
                if (parts.stream().filter(Rest.class::isInstance).count() > 1) {
                    throw new InvalidValueException("Reshape to " + parts + ": only one dimension may be the rest");
                }
            }
        }

        /** To dimensions that are known but for sizes of x. */
        public Reshape(List<Part> parts) {
            this(parts, false);
        }
    }

    /**
     * {@code x -> y}, whose dimension i is dimension {@code order[i]} of x.
     *
     * @param order each of 0 to rank - 1 once
     */
    record Transpose(List<Integer> order) implements Movement {
        /** Copies and checks the order. */
        public Transpose {
            order = List.copyOf(order);
            if (!order.stream()
                    .sorted()
                    .toList()
                    .equals(IntStream.range(0, order.size()).boxed().toList())) {
                throw new InvalidValueException(
                        "Transpose in the order " + order + ": each dimension must be there once");
            }
        }
    }

    /**
     * {@code x, starts S64 [n], ends S64 [n], [axes S64 [n]], [steps S64 [n]] -> every step-th element from start (included) to end
     * (excluded)} along each axis, 0 to n - 1 and steps of 1 if absent; bounds beyond the dimension are moved to it.
     */
    record Slice() implements Movement {}

    /** {@code x.. -> y}, one behind the other along the axis. Codes may each have parameters of their own, other ones than y. */
    record Concat(int axis) implements Movement {
        /** Checks the axis. */
        public Concat {
            requireAxis("Concat", axis);
        }
    }

    /** {@code x, [sizes S64 [outputs]] -> y..}, parts along the axis; without sizes equal ones, the last one smaller. */
    record Split(int axis) implements Movement {
        /** Checks the axis. */
        public Split {
            requireAxis("Split", axis);
        }
    }

    /**
     * {@code x, pads S64 [2n], [value], [axes S64 [n]] -> x with pads[i] elements before and pads[n + i] after} along axis i; negative
     * ones take away. The value (0 if absent) must be known too.
     */
    record Pad(Mode mode) implements Movement {
        /** What stands in the new places. */
        public enum Mode {
            /** The value. */
            CONSTANT,
            /** What lies as far on the other side of the first or last element. */
            REFLECT,
            /** The first or last element. */
            EDGE,
            /** The elements again from the other end. */
            WRAP
        }
    }

    /**
     * {@code x, indices S32 or S64 -> elements of x}; indices may come from a run.
     *
     * @param batchDims of {@link Kind#TUPLES}: how many first dimensions x and indices share
     */
    record Gather(Kind kind, int axis, int batchDims) implements Movement {
        /** What an index picks. */
        public enum Kind {
            /** A whole slice: {@code y[.., i.., ..] = x[.., indices[i..], ..]} at the axis. */
            SLICES,
            /** One element: {@code y[i..] = x[i.. with indices[i..] at the axis]}. */
            ELEMENTS,
            /** The last dimension of indices is a position in the dimensions of x that follow the batch's. */
            TUPLES
        }

        /** Checks the numbers. */
        public Gather {
            requireAxis("Gather", axis);
            if (batchDims < 0) {
                throw new InvalidValueException("Gather with " + batchDims + " batch dimensions: at least 0");
            }
        }

        /** Of slices. */
        public Gather(int axis) {
            this(Kind.SLICES, axis, 0);
        }
    }

    /** {@code x, shape S64 [n] -> x broadcast to the shape}, or to what both broadcast to. */
    record Expand() implements Movement {}

    /** {@code x, repeats S64 [rank] -> x repeated so often} along each dimension. */
    record Tile() implements Movement {}

    /** {@code x [.., H, W], [k S64] -> x with 0 below its k-th diagonal}, or above it. */
    record Trilu(boolean upper) implements Movement {}

    /**
     * {@code indices, depth S64 [], values [2] -> values[1] where the place along a new dimension of that depth is the index, otherwise
     * values[0]}; a negative index counts from the end, one outside is nowhere. Depth and values must be known.
     *
     * @param axis of the result, at which the new dimension stands
     */
    record OneHot(int axis) implements Movement {
        /** Checks the axis. */
        public OneHot {
            requireAxis("OneHot", axis);
        }
    }

    /**
     * {@code x, [roi F32 [2n]], [scales F32 [n]], [sizes S64 [n]] -> x sampled at other places}, F32 or codes; scales or sizes are
     * there, for each of the axes.
     *
     * @param axes those that are resized, ascending; none: all
     * @param cubicA the coefficient of cubic interpolation
     * @param excludeOutside whether weights of places outside of x are 0 and the others made up for it
     * @param extrapolation what stands outside of the region, with {@link Coordinates#TF_CROP_AND_RESIZE}
     * @param policy how sizes are to be taken
     * @param antialias whether shrinking widens the filter
     */
    record Resize(
            Interpolation interpolation,
            Coordinates coordinates,
            Nearest nearest,
            List<Integer> axes,
            float cubicA,
            boolean excludeOutside,
            float extrapolation,
            Policy policy,
            boolean antialias)
            implements Movement {
        /** How values between elements are made. */
        public enum Interpolation {
            /** The nearest element. */
            NEAREST,
            /** By the distance to the elements on both sides, along each dimension. */
            LINEAR,
            /** By the four elements around, along each dimension. */
            CUBIC
        }

        /** Where in x the center of element i of the result lies; s: result by input size, n: input size, m: result size. */
        public enum Coordinates {
            /** {@code (i + 1/2) / s - 1/2}. */
            HALF_PIXEL,
            /** The same about the center of x, where {@code n·s} was rounded to m. */
            HALF_PIXEL_SYMMETRIC,
            /** The same, 0 where m is 1. */
            PYTORCH_HALF_PIXEL,
            /** {@code i · (n - 1) / (m - 1)}. */
            ALIGN_CORNERS,
            /** {@code i / s}. */
            ASYMMETRIC,
            /** {@code (i + 1/2) / s}. */
            TF_HALF_PIXEL_FOR_NN,
            /** Within the region of interest, from start to end as parts of n - 1. */
            TF_CROP_AND_RESIZE
        }

        /** Which element is nearest to a place half way between two. */
        public enum Nearest {
            /** The one before. */
            ROUND_PREFER_FLOOR,
            /** The one behind. */
            ROUND_PREFER_CEIL,
            /** Always the one before. */
            FLOOR,
            /** Always the one behind. */
            CEIL
        }

        /** How sizes are to be taken. */
        public enum Policy {
            /** As they are. */
            STRETCH,
            /** One scale for all axes: the greatest with no size above what is given. */
            NOT_LARGER,
            /** One scale for all axes: the least with no size below what is given. */
            NOT_SMALLER
        }

        /** Copies the axes. */
        public Resize {
            axes = List.copyOf(axes);
        }
    }

    /** {@code [N, C, H·b, W·b] -> [N, b·b·C, H, W]}. */
    record SpaceToDepth(int block) implements Movement {
        /** Checks the block. */
        public SpaceToDepth {
            requireBlock("SpaceToDepth", block);
        }
    }

    /**
     * {@code [N, b·b·C, H, W] -> [N, C, H·b, W·b]}.
     *
     * @param columnRowDepth whether channels count C, then rows, then columns of a block (pixel shuffle); otherwise rows, columns, C
     */
    record DepthToSpace(int block, boolean columnRowDepth) implements Movement {
        /** Checks the block. */
        public DepthToSpace {
            requireBlock("DepthToSpace", block);
        }
    }

    private static void requireAxis(String op, int axis) {
        if (axis < 0) {
            throw new InvalidValueException(op + " along axis " + axis + ": axes count from 0");
        }
    }

    private static void requireBlock(String op, int block) {
        if (block < 1) {
            throw new InvalidValueException(op + " with blocks of " + block + ": at least 1");
        }
    }
}
