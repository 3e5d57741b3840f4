"""python3 models/training/train.py NAME ROWS.csv: trains models/NAME by its recipe.json, whole and once for each fold.

ROWS.csv: group,label,weight,FEATURE,...; a group (subject, record) is in one fold alone; an empty cell is an absent feature.
The recipe's "kind" is "trees" (LightGBM; left out: this), "linear" (a chance) or "network" (an estimate and its deviation).
Writes models/NAME/model.onnx, folds/K.onnx and facts.json. The same rows and the same recipe give the same bytes.
"""
import csv
import json
import sys
from pathlib import Path

import os

# One thread: sums come in the same order. Before numpy is loaded, which reads it then.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import lightgbm
import numpy as np

from linear import train_linear
from network import fit, network_to_onnx
from onnx_trees import to_onnx


def read(path):
    with open(path, newline="") as file:
        lines = csv.reader(file)
        head = next(lines)
        groups, labels, weights, features = [], [], [], []
        for line in lines:
            groups.append(line[0])
            labels.append(line[1])
            weights.append(float(line[2]))
            features.append([float(cell) if cell else np.nan for cell in line[3:]])
    return head[3:], np.array(groups), labels, np.array(weights), np.array(features, dtype=np.float32)


def folds_of(groups, labels, count, seed):
    """Groups in folds: those with the same commonest label are dealt out one by one, in an order that the seed gives."""
    names = sorted(set(groups))
    own = {name: [] for name in names}
    for group, label in zip(groups, labels):
        own[group].append(label)
    # Numbers have no commonest.
    is_class = len(set(labels)) <= 20
    commonest = {name: max(sorted(set(own[name])), key=own[name].count) if is_class else "" for name in names}
    order = np.random.default_rng(seed).permutation(len(names))
    dealt = sorted(order, key=lambda at: commonest[names[at]])
    count = min(count, len(names))
    return {names[at]: place % count for place, at in enumerate(dealt)}


def train(recipe, names, rows, labels, weights, classes):
    """uses: features that trees may ask, all when left out; monotone: a list, or by name 1 (more is likelier) or -1."""
    used = recipe.get("uses", names)
    monotone = recipe.get("monotone")
    unknown = set(used).union(monotone if isinstance(monotone, dict) else []) - set(names)
    if unknown:
        raise ValueError(f"no such features: {sorted(unknown)}")
    if isinstance(monotone, dict):
        monotone = [monotone.get(name, 0) for name in names]
    rows = np.where(np.isin(names, used), rows, np.float32(0))
    parameters = {
        "objective": recipe["objective"], "learning_rate": recipe["learningRate"], "num_leaves": recipe["leaves"],
        "min_data_in_leaf": recipe["leastInLeaf"], "lambda_l2": recipe.get("l2", 0), "seed": recipe["seed"],
        "feature_fraction": recipe.get("featuresPerTree", 1), "bagging_fraction": recipe.get("rowsPerTree", 1),
        "bagging_freq": 1 if recipe.get("rowsPerTree", 1) < 1 else 0, "alpha": recipe.get("quantile", 0.9),
        "monotone_constraints": monotone, "extra_trees": recipe.get("extraTrees"),
        "deterministic": True, "force_row_wise": True, "num_threads": 2, "verbosity": -1,
    }
    if recipe["objective"] == "multiclass":
        parameters["num_class"] = len(classes)
    data = lightgbm.Dataset(rows, label=labels, weight=weights)
    return lightgbm.train({k: v for k, v in parameters.items() if v is not None}, data, recipe["rounds"])


def main(name, path):
    folder = Path(__file__).resolve().parent.parent / name
    recipe = json.loads((folder / "recipe.json").read_text())
    names, groups, texts, weights, rows = read(path)
    classes = recipe.get("classes", [])
    labels = np.array([classes.index(text) if classes else float(text) for text in texts], dtype=float)
    outputs = len(classes) if recipe["objective"] == "multiclass" else 1
    folds = folds_of(list(groups), texts, recipe["folds"], recipe["seed"])
    (folder / "folds").mkdir(exist_ok=True)
    for old in (folder / "folds").glob("*.onnx"):
        old.unlink()

    is_network = recipe.get("kind") == "network"

    def write(file, chosen):
        if is_network:
            made = network_to_onnx(*fit(recipe, rows[chosen], labels[chosen], weights[chosen]), len(names))
        elif recipe.get("kind") == "linear":
            made = train_linear(recipe, names, rows[chosen], labels[chosen], weights[chosen])
        else:
            booster = train(recipe, names, rows[chosen], labels[chosen], weights[chosen], classes)
            made = to_onnx(booster, len(names), outputs)
        (folder / file).write_bytes(made)

    fold_of_row = np.array([folds[group] for group in groups])
    for fold in sorted(set(folds.values())):
        write(f"folds/{fold}.onnx", fold_of_row != fold)
    write("model.onnx", np.ones(len(rows), dtype=bool))
    facts = {
        "name": name, "version": recipe["version"], "seed": recipe["seed"], "features": names,
        "classes": classes if outputs > 1 else [], "rows": len(rows), "folds": dict(sorted(folds.items())),
    }
    if is_network:
        facts["says"] = ["estimate", "standard deviation"]
    (folder / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")


main(sys.argv[1], sys.argv[2])
