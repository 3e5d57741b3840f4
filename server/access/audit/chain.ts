import { hash } from "node:crypto";

/** Where a node's chain is: the newest record's place and hash. */
export interface Head {
  readonly node: string;
  readonly position: number;
  /** Lower-case hexadecimal. */
  readonly hash: string;
}

export const beginningOf = (node: string): Head => ({ node, position: 0, hash: "0".repeat(64) });

export const digestOf = (text: string): string => hash("sha256", text);

/**
 * The head after one record more.
 *
 * @param digest SHA-256 of the record's text, so that a chain can be followed where some texts are withheld
 */
export function after(head: Head, digest: string): Head {
  const position = head.position + 1;
  const linked = digestOf(`openward audit record 1\n${head.node}\n${position}\n${head.hash}\n${digest}\n`);
  return { node: head.node, position, hash: linked };
}
