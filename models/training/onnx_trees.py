"""A LightGBM booster as an ONNX TreeEnsembleRegressor with its link behind it."""
import numpy as np
from onnx import TensorProto, checker, helper

OPSET, ML_OPSET, IR = 17, 3, 8
FIELDS = "treeids nodeids featureids modes values truenodeids falsenodeids missing_value_tracks_true".split()
LEAVES = "treeids nodeids ids weights".split()


def to_onnx(booster, width, classes):
    """classes: number of outputs; 1 with objective binary is one chance, with regression one estimate."""
    nodes = {field: [] for field in FIELDS}
    leaves = {field: [] for field in LEAVES}
    dump = booster.dump_model()
    for tree in dump["tree_info"]:
        index = tree["tree_index"]
        _walk(index, tree["tree_structure"], [0], index % classes, nodes, leaves)
    trees = helper.make_node(
        "TreeEnsembleRegressor", ["features"], ["sums"], domain="ai.onnx.ml", n_targets=classes,
        aggregate_function="SUM", post_transform="NONE",
        **{f"nodes_{field}": values for field, values in nodes.items()},
        **{f"target_{field}": values for field, values in leaves.items()},
    )
    objective = dump["objective"].split(" ")[0]
    link = {"binary": ("Sigmoid", {}), "multiclass": ("Softmax", {"axis": 1})}.get(objective, ("Identity", {}))
    graph = helper.make_graph(
        [trees, helper.make_node(link[0], ["sums"], ["answer"], **link[1])], "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["rows", classes])],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="openward")
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _walk(tree, node, ids, target, nodes, leaves):
    me = ids[0]
    ids[0] += 1
    at = len(nodes["treeids"])
    empty = (tree, me, 0, "LEAF", 0.0, 0, 0, 0)
    for field, value in zip(FIELDS, empty):
        nodes[field].append(value)
    if "split_index" not in node:
        for field, value in zip(LEAVES, (tree, me, target, node["leaf_value"])):
            leaves[field].append(value)
        return me
    if node["decision_type"] != "<=":
        raise ValueError(f"a split by {node['decision_type']} has no form here")
    # Features are float32: the threshold is the next one below, so that the same ones go left.
    threshold = np.float32(node["threshold"])
    if float(threshold) > node["threshold"]:
        threshold = np.nextafter(threshold, np.float32(-np.inf))
    goes_left = node["default_left"] if node["missing_type"] == "NaN" else 0 <= node["threshold"]
    nodes["featureids"][at] = node["split_feature"]
    nodes["modes"][at] = "BRANCH_LEQ"
    nodes["values"][at] = float(threshold)
    nodes["missing_value_tracks_true"][at] = int(goes_left)
    nodes["truenodeids"][at] = _walk(tree, node["left_child"], ids, target, nodes, leaves)
    nodes["falsenodeids"][at] = _walk(tree, node["right_child"], ids, target, nodes, leaves)
    return me
