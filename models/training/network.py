"""A small network of an estimate and its spread, trained by numpy and written as ONNX with all that it needs before it.

Features are centred, scaled and bounded, an absent one counts as ordinary; the estimate has a linear way past the hidden layers. Several
networks from different seeds are averaged. One thread, float32: the same rows and recipe give the same bytes on the same machine.
"""
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

OPSET, IR = 17, 8
BOUND, LOG_SPREAD_BOUND = 8.0, 3.0


class Scale:
    """Of features and of what is estimated."""

    def __init__(self, rows, labels):
        self.mean = np.nan_to_num(np.nanmean(rows, axis=0)).astype(np.float32)
        deviation = np.nan_to_num(np.nanstd(rows, axis=0))
        self.each = np.where(deviation > 1e-6, deviation, 1).astype(np.float32)
        self.label = float(np.std(labels)) or 1.0

    def features(self, rows):
        return np.clip(np.nan_to_num((rows - self.mean) / self.each), -BOUND, BOUND).astype(np.float32)


def fit(recipe, rows, labels, weights):
    scale = Scale(rows, labels)
    x, y = scale.features(rows), (labels / scale.label).astype(np.float32)
    w = (weights / weights.mean()).astype(np.float32)
    return scale, [_train(recipe, x, y, w, recipe["seed"] + i) for i in range(recipe["networks"])]


def _train(recipe, x, y, w, seed):
    random = np.random.default_rng(seed)
    sizes = [x.shape[1], *recipe["hidden"], 2]
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        size = np.sqrt(2 / before) * (0.1 if after == 2 and len(layers) == len(sizes) - 2 else 1)
        layers.append([(random.standard_normal((before, after)) * size).astype(np.float32), np.zeros(after, np.float32)])
    past = np.zeros((x.shape[1], 1), np.float32)
    values = [part for layer in layers for part in layer] + [past]
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    batch, rate, decay = recipe["batch"], recipe["learningRate"], recipe.get("l2", 0)
    steps, step = recipe["rounds"] * (len(x) // batch), 0
    for _ in range(recipe["rounds"]):
        order = random.permutation(len(x))
        for begin in range(0, len(x) - batch + 1, batch):
            chosen = order[begin:begin + batch]
            seen = [x[chosen]]
            for weight, bias in layers[:-1]:
                seen.append(np.maximum(seen[-1] @ weight + bias, 0))
            out = seen[-1] @ layers[-1][0] + layers[-1][1]
            error = out[:, 0] + (seen[0] @ past)[:, 0] - y[chosen]
            share = w[chosen] / batch
            # The estimate is of the mean; the spread of what is left, which does not move the estimate.
            spread = np.clip(out[:, 1], -LOG_SPREAD_BOUND, LOG_SPREAD_BOUND)
            back = np.stack([2 * share * error, 0.2 * share * (1 - error * error * np.exp(-2 * spread))], axis=1)
            back[:, 1] *= np.abs(out[:, 1]) < LOG_SPREAD_BOUND
            slopes = [seen[0].T @ back[:, :1]]
            for at in range(len(layers) - 1, -1, -1):
                slopes[:0] = [seen[at].T @ back + decay * layers[at][0], back.sum(axis=0)]
                if at > 0:
                    back = (back @ layers[at][0].T) * (seen[at] > 0)
            step += 1
            now = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            for value, slope, m, v in zip(values, slopes, first, second):
                m += 0.1 * (slope - m)
                v += 0.001 * (slope * slope - v)
                value -= (now / (1 - 0.9 ** step)) * m / (np.sqrt(v / (1 - 0.999 ** step)) + 1e-8)
    return layers, past


def network_to_onnx(scale, networks, width):
    """Outputs of a row: the estimate and its standard deviation, both in units of the label."""
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def add(kind, inputs, output, **how):
        nodes.append(helper.make_node(kind, inputs, [output], **how))
        return output

    x = add("Div", [add("Sub", ["features", constant("mean", scale.mean)], "centred"), constant("each", scale.each)], "scaled")
    x = add("Where", [add("IsNaN", [x], "absent"), constant("ordinary", 0.0), x], "known")
    x = add("Clip", [x, constant("least", -BOUND), constant("most", BOUND)], "bounded")
    answers = []
    for i, (layers, past) in enumerate(networks):
        hidden = x
        for at, (weight, bias) in enumerate(layers):
            hidden = add("Gemm", [hidden, constant(f"w{i}{at}", weight), constant(f"b{i}{at}", bias)], f"sum{i}{at}")
            if at < len(layers) - 1:
                hidden = add("Relu", [hidden], f"hidden{i}{at}")
        both = np.concatenate([past, np.zeros_like(past)], axis=1)
        answers.append(add("Add", [hidden, add("MatMul", [x, constant(f"past{i}", both)], f"by{i}")], f"answer{i}"))
    mean = add("Mean", answers, "average")
    first = add("Mul", [mean, constant("estimated", [scale.label, 0.0])], "estimate")
    bound = [constant("lowest", -LOG_SPREAD_BOUND), constant("highest", LOG_SPREAD_BOUND)]
    wide = add("Exp", [add("Clip", [mean, *bound], "narrowed")], "wide")
    second = add("Mul", [wide, constant("spreading", [0.0, scale.label])], "spread")
    add("Add", [first, second], "answer")
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["rows", 2])],
        initializer=constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="openward")
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)
