#!/usr/bin/env python3
"""Writes the golden files in tests/data/golden: what PyTorch's eager-mode quantization computes on its fbgemm engine.

usage: pytorch.py [--out DIR] [--weights FILE] [family ...]

Needs PyTorch 2.13 for CPUs (torch==2.13.0) and NumPy, on a CPU with AVX-512 VNNI: without it fbgemm sums pairs of
products in 16 bits, which saturates. One thread, fixed seeds: on such a CPU a second run writes the same bytes.

A file is safetensors. "cases" in its metadata is a JSON list of {name, inputs, params, expected}; in inputs and
expected a string is the name of a tensor of the file, anything else the value itself (null: absent); params are plain
values. Layout is NCHW and OIHW, also for cases that PyTorch ran channels-last. Every expected value is PyTorch's own.

The demo network's float weights are kept, not trained here: they are read from --weights, by default the seednet file
that is there. Its images are made here.
"""
import argparse
import json
import pathlib
import struct
import warnings
import zlib

import numpy as np
import torch
import torch.ao.quantization as tq
import torch.nn.functional as F
from torch import nn

F32, F64, I64 = np.float32, np.float64, np.int64
Q = torch.ops.quantized
NAMES = {torch.quint8: "quint8", torch.qint8: "qint8", torch.qint32: "qint32"}
LIMITS = {torch.quint8: (0, 255), torch.qint8: (-128, 127), torch.qint32: (-(2**31), 2**31 - 1)}
STORED = {"float32": "F32", "uint8": "U8", "int8": "I8", "int32": "I32", "int64": "I64"}
OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "golden"


def array(value):
    """A tensor's numbers; a quantized tensor's codes."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        value = (value.int_repr() if value.is_quantized else value).contiguous().numpy()
    return np.ascontiguousarray(value)


def tensor(value):
    return torch.from_numpy(np.ascontiguousarray(value))


def plain(value):
    """As JSON has it; a float32 keeps its exact value."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, (np.generic, torch.Tensor)) else value


class Family:
    """The tensors and cases of one file."""

    def __init__(self, name):
        self.name, self.tensors, self.cases = name, {}, []
        self.random = np.random.default_rng(zlib.crc32(name.encode()))

    def store(self, name, value):
        self.tensors[name] = array(value)
        return name

    def case(self, name, params, inputs, expected):
        def named(side):
            new = (np.ndarray, torch.Tensor)
            return {k: self.store(f"{name}/{k}", v) if isinstance(v, new) else v for k, v in side.items()}

        self.cases.append({"name": name, "inputs": named(inputs), "params": plain(params), "expected": named(expected)})

    def write(self, folder):
        ordered = sorted(self.tensors.items(), key=lambda item: -item[1].itemsize)  # wide first: all are aligned
        header = {"__metadata__": {"family": self.name, "torch": torch.__version__, "cases": json.dumps(self.cases)}}
        at = 0
        for name, a in ordered:
            header[name] = {"dtype": STORED[str(a.dtype)], "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
            at += a.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        data = struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for _, a in ordered)
        (folder / f"{self.name}.safetensors").write_bytes(data)
        print(f"{self.name}: {len(self.cases)} cases, {len(data)} bytes")


def codes(random, *shape):
    return random.integers(0, 256, shape).astype(np.uint8)


def quantized(ints, scale, zero_point, axis=None):
    """A quantized tensor of these codes; per channel if an axis is given."""
    if axis is None:
        return torch._make_per_tensor_quantized_tensor(tensor(ints), float(scale), int(zero_point))
    zero_points = np.broadcast_to(np.asarray(zero_point, I64), len(scale))
    return torch._make_per_channel_quantized_tensor(tensor(ints), tensor(scale.astype(F64)), tensor(zero_points), axis)


# ---- Observers -------------------------------------------------------------------------------------------------------


def observers(family):
    random, shape = family.random, (8, 5, 6, 4)
    kinds = {
        "normal": lambda: random.normal(size=shape),
        "relu": lambda: np.maximum(random.normal(size=shape), 0),
        "laplace": lambda: random.laplace(size=shape) ** 3,
        "constant": lambda: np.full(shape, 0.7),
        "constant_negative": lambda: np.full(shape, -0.7),
        "zeros": lambda: np.zeros(shape),
        "positive": lambda: random.uniform(1, 3, shape),
        "negative": lambda: random.uniform(-3, -1, shape),
        "tiny": lambda: random.normal(size=shape) * 1e-12,
        "huge": lambda: random.normal(size=shape) * 1e30,
        "single": lambda: np.full((1, 1, 1, 1), 0.37),
    }
    sequences = {"1": [1], "2shrink": [1.7, 1], "4mixed": [1, 2.5, 0.3, 3.1]}
    classes = {
        "MinMax": (tq.MinMaxObserver, None),
        "MovingAverageMinMax": (tq.MovingAverageMinMaxObserver, None),
        "PerChannelMinMax": (tq.PerChannelMinMaxObserver, (0, 1)),
        "MovingAveragePerChannelMinMax": (tq.MovingAveragePerChannelMinMaxObserver, (0, 1)),
        "Histogram": (tq.HistogramObserver, None),
    }
    for kind, draw in kinds.items():
        for sequence, amplitudes in sequences.items():
            batches = [(a * draw()).astype(F32) for a in amplitudes]
            inputs = {f"batch{i}": family.store(f"input/{kind}/{sequence}/{i}", b) for i, b in enumerate(batches)}
            for name, (cls, axes) in classes.items():
                for axis in axes or (None,):
                    observer_case(family, name, cls, axis, f"{kind}/{sequence}", batches, inputs)
    for kind, draw in {
        "normal": lambda n: random.normal(size=n),
        "relu": lambda n: np.maximum(random.normal(size=n), 0),
        "lognormal": lambda n: random.lognormal(size=n),
        "student3": lambda n: random.standard_t(3, n),
        "outlier": lambda n: np.append(random.normal(size=n - 1), 300),
    }.items():
        for n in (2_000, 50_000, 1_000_000):
            observer = tq.HistogramObserver()
            observer(tensor(draw(n).astype(F32)))
            low, high = observer._non_linear_param_search()
            family.case(
                f"HistogramSearch/{kind}/{n}",
                {"observer": "HistogramSearch"},
                {"histogram": observer.histogram, "min": observer.min_val, "max": observer.max_val},
                {"search_min": low, "search_max": high},
            )


def observer_case(family, name, cls, axis, tag, batches, inputs):
    scales, zero_points, configs = [], [], []
    for dtype, symmetric in ((torch.quint8, False), (torch.qint8, True), (torch.quint8, True)):
        for reduce in (False, True):
            if dtype == torch.quint8 and symmetric and reduce and name != "Histogram":
                continue  # PyTorch refuses it
            scheme = f"per_{'tensor' if axis is None else 'channel'}_{'symmetric' if symmetric else 'affine'}"
            extra = {} if axis is None else {"ch_axis": axis}
            observer = cls(dtype=dtype, qscheme=getattr(torch, scheme), reduce_range=reduce, **extra)
            lows, highs = [], []
            for batch in batches:
                observer(tensor(batch))
                lows.append(array(observer.min_val).copy())
                highs.append(array(observer.max_val).copy())
            scale, zero_point = observer.calculate_qparams()
            scales.append(array(scale))
            zero_points.append(array(zero_point).astype(I64))
            configs.append({
                "dtype": NAMES[dtype], "qscheme": scheme, "reduce_range": reduce,
                "quant_min": observer.quant_min, "quant_max": observer.quant_max,
            })  # fmt: skip
    expected = {
        "scale": np.stack(scales), "zero_point": np.stack(zero_points), "min": np.stack(lows), "max": np.stack(highs),
    }  # fmt: skip
    if name == "Histogram":
        expected["search_min"], expected["search_max"] = observer._non_linear_param_search()
    label = f"{name}/{tag}" if axis is None else f"{name}_axis{axis}/{tag}"
    params = {"observer": name, "axis": axis, "averaging_constant": 0.01, "configs": configs}
    family.case(label, params, inputs, expected)


# ---- Quantize, dequantize --------------------------------------------------------------------------------------------


def quantize(family):
    random = family.random
    extremes = [0, -0.0, 1e10, -1e10, 3e38, -3e38, np.inf, -np.inf, 1e-38, 1e-45, 2147483520, -2147483648]
    types = {torch.quint8: (0, 127, 255), torch.qint8: (-128, 0, 5), torch.qint32: (0, -100000)}
    for dtype, zero_points in types.items():
        for zero_point in zero_points:
            for scale in map(float, map(F32, (1.0, 0.0078125, 0.1, 3.7e-5, 123.456, 0.00214854861))):
                ties = ((np.arange(-40, 41) + 0.5) * scale).astype(F32)
                near = [np.nextafter(ties, F32(end)) for end in (9e9, -9e9)]
                ordinary = (random.normal(size=200) * 60 * scale).astype(F32)
                x = np.concatenate([ordinary, ties, *near, np.array(extremes, F32)])
                q = torch.quantize_per_tensor(tensor(x), scale, zero_point, dtype)
                low, high = LIMITS[dtype]
                family.case(
                    f"per_tensor/{NAMES[dtype]}/zp{zero_point}/scale{scale:.9g}",
                    {"dtype": NAMES[dtype], "scale": scale, "zero_point": zero_point,
                     "quant_min": low, "quant_max": high},
                    {"x": x},
                    {"q": q, "dequantized": q.dequantize()},
                )
    for dtype in (torch.qint8, torch.quint8):
        low, high = LIMITS[dtype]
        for axis in (0, 1):
            for shape in ((7, 3, 5, 5), (33, 17)):
                c, spread = shape[axis], [-1 if i == axis else 1 for i in range(len(shape))]
                scales = random.uniform(0.001, 0.1, c).astype(F32)
                zero_points = random.integers(low, high + 1, c)
                whole = np.rint(random.normal(size=shape) * 60)
                steps = whole + np.where(random.random(shape) < 0.3, 0.5, random.random(shape))
                x = (steps * scales.reshape(spread)).astype(F32)
                q = torch.quantize_per_channel(tensor(x), tensor(scales.astype(F64)), tensor(zero_points), axis, dtype)
                family.case(
                    f"per_channel/{NAMES[dtype]}/axis{axis}/{'x'.join(map(str, shape))}",
                    {"dtype": NAMES[dtype], "axis": axis, "quant_min": low, "quant_max": high},
                    {"x": x, "scales": scales, "zero_points": zero_points},
                    {"q": q, "dequantized": q.dequantize()},
                )


# ---- Linear layers and convolutions ----------------------------------------------------------------------------------


def weight(random, shape, per_channel, zero_point=0):
    """int8 weights over all codes, their scales, and the quantized tensor."""
    w = random.integers(-128, 128, shape).astype(np.int8)
    scales = random.uniform(0.001, 0.02, shape[0] if per_channel else 1).astype(F32)
    return w, scales, quantized(w, scales, zero_point, 0) if per_channel else quantized(w, scales[0], zero_point)


def biases(random, sums, product_scales, multipliers, out_zero_point):
    """None; an ordinary one; and one that brings the first row's sums within three float steps of a rounding tie."""
    normal = (random.normal(size=len(multipliers)) * (sums.std() + 1)).astype(F32) * product_scales
    targets = random.integers(5, 250, len(multipliers)) - out_zero_point + 0.5
    tie = ((targets / multipliers.astype(F64) - sums[0]) * product_scales.astype(F64)).astype(F32)
    tie = (tie.view(np.int32) + random.integers(-3, 4, len(tie)).astype(np.int32)).view(F32)
    return {"none": None, "normal": normal, "tie": tie}


def exact_codes(sums, product_scales, multipliers, out_zero_point, bias, relu, per_channel):
    """The output codes by exact sums [rows, channels]: bias over product scale added, one product, half to even."""
    x = sums.astype(F32)
    if bias is not None and per_channel:
        x = x + bias / product_scales
    elif bias is not None:
        x = (bias.astype(F64) * (F32(1) / product_scales).astype(F64) + x.astype(F64)).astype(F32)
    return np.clip(np.rint(x * multipliers).astype(I64) + out_zero_point, out_zero_point if relu else 0, 255)


def linear_static(family):
    random = family.random
    shapes = [(1, 1, 1), (1, 64, 16), (3, 3, 5), (5, 17, 33), (16, 257, 49), (5, 120, 10), (2, 1200, 8)]
    for index, (m, k, n) in enumerate(shapes):
        for per_channel in (False, True):
            for weight_zero_point in (0, -7) if index == 3 else (0,):
                zero_point, out_zero_point = (0, 1, 127, 128, 255)[index % 5], (60, 0, 128, 255, 100)[index % 5]
                a, scale = codes(random, m, k), F32(random.uniform(0.01, 0.1))
                w, scales, packed = weight(random, (n, k), per_channel, weight_zero_point)
                sums = (a.astype(I64) - zero_point) @ (w.astype(I64) - weight_zero_point).T
                products = scale * np.broadcast_to(scales, n).astype(F32)
                out_scale = F32((np.abs(sums).max() + 1) * products.max() / 140)
                tag = f"m{m}_k{k}_n{n}_{'channel' if per_channel else 'tensor'}_w{weight_zero_point}"
                inputs = {k: family.store(f"{tag}/{k}", v) for k, v in {"a": a, "w": w, "w_scale": scales}.items()}
                for kind, bias in biases(random, sums, products, products / out_scale, out_zero_point).items():
                    prepacked = Q.linear_prepack(packed, None if bias is None else tensor(bias))
                    for relu in (False, True):
                        run = Q.linear_relu if relu else Q.linear
                        y = run(quantized(a, scale, zero_point), prepacked, float(out_scale), out_zero_point)
                        family.case(
                            f"{tag}/bias_{kind}/{'relu' if relu else 'plain'}",
                            {"per_channel": per_channel, "relu": relu, "a_scale": scale, "a_zero_point": zero_point,
                             "w_zero_point": weight_zero_point, "out_scale": out_scale,
                             "out_zero_point": out_zero_point},
                            {**inputs, "bias": bias}, {"y": y},
                        )  # fmt: skip


def conv2d_static(family):
    """Depthwise cases have activations of 7 bits, where fbgemm's 16-bit pair sums do not saturate;
    `differ_from_exact_sums` counts codes that exact sums would not give, and is 0 throughout."""
    random = family.random
    geometries = {  # channels in, out, height, width, kernel, stride, padding, dilation, groups
        "seed1": (3, 6, 12, 11, (5, 5), (1, 1), (2, 2), (1, 1), 1),
        "seed2": (6, 16, 9, 10, (5, 5), (1, 1), (0, 0), (1, 1), 1),
        "1x1": (16, 24, 5, 6, (1, 1), (1, 1), (0, 0), (1, 1), 1),
        "1x1_stride2": (24, 8, 7, 6, (1, 1), (2, 2), (0, 0), (1, 1), 1),
        "3x3": (8, 16, 7, 6, (3, 3), (1, 1), (1, 1), (1, 1), 1),
        "3x3_stride2": (16, 33, 8, 7, (3, 3), (2, 2), (1, 1), (1, 1), 1),
        "3x5_stride_1_2": (5, 8, 7, 9, (3, 5), (1, 2), (1, 2), (1, 1), 1),
        "7x7_stride2": (3, 16, 13, 12, (7, 7), (2, 2), (3, 3), (1, 1), 1),
        "dilation2": (8, 8, 9, 8, (3, 3), (1, 1), (2, 2), (2, 2), 1),
        "groups2": (8, 12, 6, 5, (3, 3), (1, 1), (1, 1), (1, 1), 2),
        "groups4": (32, 32, 5, 5, (3, 3), (1, 1), (1, 1), (1, 1), 4),
        "depthwise3": (24, 24, 7, 6, (3, 3), (1, 1), (1, 1), (1, 1), 24),
        "depthwise3_stride2": (16, 16, 8, 7, (3, 3), (2, 2), (1, 1), (1, 1), 16),
        "depthwise3_33": (33, 33, 6, 5, (3, 3), (1, 1), (1, 1), (1, 1), 33),
        "depthwise5": (8, 8, 9, 8, (5, 5), (1, 1), (2, 2), (1, 1), 8),
    }
    for index, (tag, (c, o, h, w_, kernel, stride, padding, dilation, groups)) in enumerate(geometries.items()):
        depthwise = groups == c
        for per_channel in (False, True):
            zero_point, out_zero_point = (0, 64, 127, 3, 100)[index % 5], (60, 0, 128, 255, 100)[index % 5]
            a, scale = codes(random, 2, c, h, w_) >> int(depthwise), F32(random.uniform(0.01, 0.1))
            w, scales, packed = weight(random, (o, c // groups, *kernel), per_channel)
            geometry = (stride, padding, dilation, groups)
            sums = F.conv2d(tensor(a.astype(F64) - zero_point), tensor(w.astype(F64)), None, *geometry)
            rows = np.moveaxis(sums.numpy().astype(I64), 1, -1).reshape(-1, o)
            products = scale * np.broadcast_to(scales, o).astype(F32)
            out_scale = F32((np.abs(rows).max() + 1) * products.max() / 140)
            base = f"{tag}_{'channel' if per_channel else 'tensor'}"
            inputs = {k: family.store(f"{base}/{k}", v) for k, v in {"a": a, "w": w, "w_scale": scales}.items()}
            for kind, bias in biases(random, rows, products, products / out_scale, out_zero_point).items():
                prepacked = Q.conv2d_prepack(packed, None if bias is None else tensor(bias), *geometry)
                for relu in (False, True):
                    run = Q.conv2d_relu if relu else Q.conv2d
                    y = run(quantized(a, scale, zero_point), prepacked, float(out_scale), out_zero_point)
                    exact = exact_codes(rows, products, products / out_scale, out_zero_point, bias, relu, per_channel)
                    differ = int((np.moveaxis(array(y), 1, -1).reshape(-1, o) != exact).sum())
                    assert differ == 0, (base, kind, relu, differ)
                    family.case(
                        f"{base}/bias_{kind}/{'relu' if relu else 'plain'}",
                        {"per_channel": per_channel, "relu": relu, "a_scale": scale, "a_zero_point": zero_point,
                         "w_zero_point": 0, "out_scale": out_scale, "out_zero_point": out_zero_point,
                         "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
                         "differ_from_exact_sums": differ},
                        {**inputs, "bias": bias}, {"y": y},
                    )  # fmt: skip


def linear_dynamic(family):
    random = family.random
    draws = {
        "normal": lambda shape: random.normal(size=shape),
        "positive": lambda shape: random.uniform(0.5, 3, shape),
        "negative": lambda shape: random.uniform(-3, -0.5, shape),
        "zeros": np.zeros,
        "tiny": lambda shape: random.normal(size=shape) * 1e-7,
        "huge": lambda shape: random.normal(size=shape) * 1e20,
    }
    for m, k, n in ((1, 1, 1), (1, 64, 16), (5, 17, 33), (3, 257, 49)):
        for kind, draw in draws.items():
            for per_channel in (False, True):
                x = draw((m, k)).astype(F32)
                w, scales, packed = weight(random, (n, k), per_channel)
                bias = random.normal(size=n).astype(F32) if kind == "normal" else None
                prepacked = Q.linear_prepack(packed, None if bias is None else tensor(bias))
                tag = f"m{m}_k{k}_n{n}_{'channel' if per_channel else 'tensor'}/{kind}"
                for reduce in (False, True):
                    y = Q.linear_dynamic(tensor(x), prepacked, reduce_range=reduce)
                    family.case(
                        f"{tag}/{'reduced' if reduce else 'full'}",
                        {"per_channel": per_channel, "reduce_range": reduce, "w_zero_point": 0, "x_kind": kind},
                        {"x": x, "w": w, "w_scale": scales, "bias": bias},
                        {"y": y},
                    )


# ---- Operators on codes ----------------------------------------------------------------------------------------------


def ops(family):
    additions(family)
    pools(family)
    clamps(family)


def memory(last):
    return torch.channels_last if last else torch.contiguous_format


def additions(family):
    random = family.random
    for shape in ((1,), (64,), (100,), (3, 50), (2, 5, 6, 7), (1, 8, 4, 4), (2, 24, 3, 3)):
        for za, zb, zo in ((0, 0, 0), (128, 127, 129), (3, 255, 77), (255, 1, 254)):
            a, b, out_scale = codes(random, *shape), codes(random, *shape), F32(random.uniform(0.02, 0.1))
            # Scales of half and one and a half steps make exact ties.
            ties = (F32(out_scale * 0.5), F32(out_scale * 1.5))
            sa, sb = ties if za == 128 else random.uniform(0.01, 0.1, 2).astype(F32)
            tag = f"{'x'.join(map(str, shape))}_z{za}_{zb}_{zo}"
            inputs = {"a": family.store(f"add/{tag}/a", a), "b": family.store(f"add/{tag}/b", b)}
            for last in (False, True) if len(shape) == 4 else (False,):
                qa = quantized(a, sa, za).contiguous(memory_format=memory(last))
                qb = quantized(b, sb, zb).contiguous(memory_format=memory(last))
                for op in ("add", "add_relu"):
                    y = getattr(Q, op)(qa, qb, float(out_scale), zo)
                    family.case(
                        f"{op}/{tag}{'_channels_last' if last else ''}",
                        {"op": op, "a_scale": sa, "a_zero_point": za, "b_scale": sb, "b_zero_point": zb,
                         "out_scale": out_scale, "out_zero_point": zo, "channels_last": last},
                        inputs, {"y": y},
                    )  # fmt: skip


def pools(family):
    random = family.random
    max_windows = (  # kernel, stride, padding, dilation, ceil_mode
        ((2, 2), (2, 2), (0, 0), (1, 1), False),
        ((3, 2), (1, 2), (1, 0), (1, 1), True),
        ((2, 2), (1, 1), (0, 0), (2, 2), False),
    )
    mean_windows = (  # kernel, stride, padding, ceil_mode
        ((2, 2), (2, 2), (0, 0), False),
        ((3, 3), (2, 2), (1, 1), False),
        ((5, 4), (3, 3), (2, 2), True),
        ((9, 7), (1, 1), (0, 0), False),
    )
    for channels in (1, 3, 8, 24, 40):
        for zero_point in (0, 128, 255):
            scale, a = F32(random.uniform(0.01, 0.2)), codes(random, 1, channels, 9, 7)
            stored = family.store(f"pool/c{channels}_z{zero_point}/a", a)
            for last in (False, True):
                q = quantized(a, scale, zero_point).contiguous(memory_format=memory(last))
                common = {"a_scale": scale, "a_zero_point": zero_point, "channels_last": last}
                tag = f"c{channels}_z{zero_point}{'_channels_last' if last else ''}"
                for k, s, p, d, ceil in max_windows:
                    window = {"kernel": k, "stride": s, "padding": p, "dilation": d, "ceil_mode": ceil}
                    y = Q.max_pool2d(q, k, s, p, d, ceil)
                    name = f"max_pool2d/{tag}/k{k[0]}{k[1]}_d{d[0]}"
                    family.case(name, {**common, **window, "op": "max_pool2d"}, {"a": stored}, {"y": y})
                for k, s, p, ceil in mean_windows:
                    for include in (True, False):
                        window = {"kernel": k, "stride": s, "padding": p, "ceil_mode": ceil}
                        window["count_include_pad"] = include
                        y = F.avg_pool2d(q, k, s, p, ceil, include)
                        name = f"avg_pool2d/{tag}/k{k[0]}{k[1]}{'_include_pad' if include else ''}"
                        family.case(name, {**common, **window, "op": "avg_pool2d"}, {"a": stored}, {"y": y})
                for size in ((1, 1), (2, 3), (4, 4)):
                    y = F.adaptive_avg_pool2d(q, size)
                    name = f"adaptive_avg_pool2d/{tag}/{size[0]}x{size[1]}"
                    params = {**common, "op": "adaptive_avg_pool2d", "output_size": size}
                    family.case(name, params, {"a": stored}, {"y": y})


def clamps(family):
    a = np.arange(256, dtype=np.uint8)
    for zero_point in (0, 5, 128, 255):
        for scale in map(F32, (0.0235, 0.1, 1.5)):
            q, tag = quantized(a, scale, zero_point), f"z{zero_point}_s{scale:.4g}"
            common, inputs = {"a_scale": scale, "a_zero_point": zero_point}, {"a": family.store(f"clamp/{tag}/a", a)}
            family.case(f"relu/{tag}", {**common, "op": "relu"}, inputs, {"y": torch.relu(q)})
            family.case(f"relu6/{tag}", {**common, "op": "relu6"}, inputs, {"y": Q.relu6(q, False)})
            for low, high in ((-1.0, 1.0), (-0.35, 2.0)):
                y = Q.clamp(q, low, high)
                params = {**common, "op": "clamp", "min": low, "max": high}
                family.case(f"clamp/{tag}/{low:g}_{high:g}", params, inputs, {"y": y})


# ---- The demo network ------------------------------------------------------------------------------------------------


class SeedNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = tq.QuantStub(), tq.DeQuantStub()
        self.conv1, self.relu1, self.pool1 = nn.Conv2d(3, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)
        self.conv2, self.relu2, self.pool2 = nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
        self.fc1, self.relu3 = nn.Linear(576, 120), nn.ReLU()
        self.fc2, self.relu4 = nn.Linear(120, 84), nn.ReLU()
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool1(self.relu1(self.conv1(self.quant(x))))
        x = self.pool2(self.relu2(self.conv2(x))).flatten(1)
        return self.dequant(self.fc3(self.relu4(self.fc2(self.relu3(self.fc1(x))))))


STEPS = "quant conv1 relu1 pool1 conv2 relu2 pool2 fc1 relu3 fc2 relu4 fc3".split()


def images(random, count):
    """Pictures of a kind: waves of a few lengths and directions in three colours, a bright disc, and a little noise."""
    y, x = np.mgrid[0:32, 0:32] / 32.0
    made = np.empty((count, 3, 32, 32))
    for i in range(count):
        wave = np.sin(2 * np.pi * (random.uniform(-3, 3) * x + random.uniform(-3, 3) * y) + random.uniform(0, 6))
        distance = (x - random.uniform(0.2, 0.8)) ** 2 + (y - random.uniform(0.2, 0.8)) ** 2
        disc = (distance < random.uniform(0.01, 0.1)) * 1.0
        for c in range(3):
            made[i, c] = random.uniform(60, 190) + random.uniform(-60, 60) * wave + random.uniform(-120, 120) * disc
    return np.clip(np.rint(made + random.normal(size=made.shape) * 3), 0, 255).astype(np.uint8)


def normalized(bytes_):
    return (bytes_.astype(F32) / F32(255) - F32(0.5)) / F32(0.5)


def read(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    types = {short: long for long, short in STORED.items()}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def seednet(family, weights):
    net = SeedNet().eval()
    stored = {k.removeprefix("float/"): tensor(v) for k, v in read(weights).items() if k.startswith("float/")}
    net.load_state_dict({k: stored[k] for k in net.state_dict()})
    calibration, test = images(family.random, 128), images(family.random, 24)
    x = tensor(normalized(test))
    inputs = {k: family.store(f"float/{k}", v) for k, v in net.state_dict().items()}
    inputs["images"] = family.store("images", test)
    pairs = [["conv1", "relu1"], ["conv2", "relu2"], ["fc1", "relu3"], ["fc2", "relu4"]]
    for name, fused in (("fused", pairs), ("unfused", [])):
        model = SeedNet().eval()
        model.load_state_dict(net.state_dict())
        model = tq.fuse_modules(model, fused) if fused else model
        model.qconfig = tq.get_default_qconfig("fbgemm")
        tq.prepare(model, inplace=True)
        for i in range(0, len(calibration), 32):
            model(tensor(normalized(calibration[i : i + 32])))
        model, seen = tq.convert(model), {}
        for step in STEPS:
            getattr(model, step).register_forward_hook(lambda _m, _i, y, step=step: seen.update({step: y.clone()}))
        expected, layers = {"logits": model(x)}, {}
        for step in STEPS:
            module = getattr(model, step)
            if isinstance(module, nn.Identity):
                continue
            expected[f"{step}_out"] = array(seen[step])[:4]
            layers[step] = {"out_scale": F32(seen[step].q_scale()), "out_zero_point": seen[step].q_zero_point()}
            if callable(getattr(module, "weight", None)):
                layers[step]["relu"] = "ReLU" in type(module).__name__
                expected[f"{step}/weight"] = module.weight()
                expected[f"{step}/weight_scale"] = array(module.weight().q_per_channel_scales()).astype(F32)
                expected[f"{step}/bias"] = module.bias()
        family.case(name, {"layers": layers, "input_crc32": zlib.crc32(array(x).tobytes())}, inputs, expected)
    dynamic, hidden = tq.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8), {}
    dynamic.fc1.register_forward_pre_hook(lambda _m, given: hidden.update(fc1_in=given[0].clone()))
    expected, layers = {"logits": dynamic(x), **hidden}, {}
    for step in ("fc1", "fc2", "fc3"):
        w = getattr(dynamic, step).weight()
        expected[f"{step}/weight"], expected[f"{step}/bias"] = w, getattr(dynamic, step).bias()
        layers[step] = {"weight_scale": F32(w.q_scale()), "reduce_range": True}
    family.case("dynamic", {"layers": layers, "input_crc32": zlib.crc32(array(x).tobytes())}, inputs, expected)


FAMILIES = {
    f.__name__: f for f in (observers, quantize, linear_static, conv2d_static, linear_dynamic, ops, seednet)
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("families", nargs="*", metavar="family", help=f"of {', '.join(FAMILIES)}; none: all")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder to write to")
    weights = OUT / "seednet.safetensors"
    parser.add_argument("--weights", type=pathlib.Path, default=weights, help="the demo network's float weights")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.backends.quantized.engine = "fbgemm"
    for name in given.families or FAMILIES:
        family = Family(name)
        FAMILIES[name](family, *([given.weights] if name == "seednet" else []))
        family.write(given.out)


if __name__ == "__main__":
    main()
