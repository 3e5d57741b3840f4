"""A logistic regression as ONNX: what is absent counts as the mean, and what is far off as three deviations."""
from fnmatch import fnmatch

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

OPSET, IR = 17, 8
FAR = 3.0


def train_linear(recipe, names, rows, labels, weights):
    """recipe: l2 (of columns in deviations, rows of mean weight 1), together (patterns of names whose sum is a column of its own)."""
    rows = rows.astype(float)
    known = np.isfinite(rows)
    weight = weights[:, None] * known
    total = np.maximum(weight.sum(0), 1e-12)
    mean = (weight * np.where(known, rows, 0)).sum(0) / total
    filled = np.where(known, rows, mean)
    deviation = np.sqrt((weights[:, None] * (filled - mean) ** 2).sum(0) / weights.sum())
    # A column that never varies says nothing.
    deviation = np.where(deviation > 1e-6, deviation, 1e6)
    columns = np.clip((filled - mean) / deviation, -FAR, FAR)
    groups = [[i for i, name in enumerate(names) if fnmatch(name, pattern)] for pattern in recipe.get("together", [])]
    # Published points are of one scale: their sum is believed more readily than any of them.
    units = [np.where(np.isin(np.arange(len(names)), group) & (deviation < 1e6), deviation, 0) for group in groups]
    sums = [columns @ unit for unit in units]
    found = LogisticRegression(C=1 / recipe["l2"], max_iter=2000, tol=1e-8).fit(
        np.column_stack([columns, *sums]), labels, sample_weight=weights / weights.mean()
    )
    coefficients = found.coef_[0][: len(names)].copy()
    for unit, coefficient in zip(units, found.coef_[0][len(names) :]):
        coefficients += coefficient * unit
    return to_onnx(mean, deviation, coefficients, float(found.intercept_[0]))


def to_onnx(mean, deviation, coefficients, intercept):
    width = len(mean)
    constant = lambda name, values: numpy_helper.from_array(np.asarray(values, dtype=np.float32), name)
    nodes = [
        helper.make_node("IsNaN", ["features"], ["absent"]),
        helper.make_node("Where", ["absent", "mean", "features"], ["filled"]),
        helper.make_node("Sub", ["filled", "mean"], ["off"]),
        helper.make_node("Div", ["off", "deviation"], ["deviations"]),
        helper.make_node("Clip", ["deviations", "least", "most"], ["columns"]),
        helper.make_node("MatMul", ["columns", "coefficients"], ["sum"]),
        helper.make_node("Add", ["sum", "intercept"], ["logOdds"]),
        helper.make_node("Sigmoid", ["logOdds"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes, "logistic regression",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["rows", 1])],
        [
            constant("mean", [mean]), constant("deviation", [deviation]), constant("least", -FAR), constant("most", FAR),
            constant("coefficients", coefficients[:, None]), constant("intercept", [intercept]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="openward")
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)
