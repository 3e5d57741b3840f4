/** A node of the library's tree of an expression. */
export interface ExpressionNode {
  readonly type: string;
  readonly text?: string;
  readonly children?: readonly ExpressionNode[];
}

/**
 * `~` and `!~` of two collections with several items, of which the library minds the order: "Comparison is not order dependent"
 * (HL7 FHIRPath N1, "Equivalent"). Told of every node when it was evaluated, its operands among them, it puts the result right.
 *
 * @param isEquivalent of two single items
 * @param charge for comparing so many pairs
 */
export function createEquivalence(
  isEquivalent: (a: unknown, b: unknown) => boolean,
  charge: (pairs: number) => void,
): (found: unknown, node: ExpressionNode) => void {
  const last = new WeakMap<ExpressionNode, unknown>();
  return (found, node) => {
    last.set(node, found);
    if (node.type !== "EqualityExpression" || !(node.text === "~" || node.text === "!~")) return;
    const [a, b] = (node.children ?? []).map((child) => last.get(child));
    if (!Array.isArray(found) || !Array.isArray(a) || !Array.isArray(b)) return;
    if (a.length < 2 || a.length !== b.length) return;
    charge(a.length ** 2);
    const left = [...b];
    const isSame = a.every((one) => {
      const at = left.findIndex((other) => isEquivalent(one, other));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    });
    found.splice(0, found.length, isSame === (node.text === "~"));
  };
}
