import type { KeyObject } from "node:crypto";
import { type Canonical, canonical } from "./canonical.ts";
import { after, beginningOf, digestOf, type Head } from "./chain.ts";
import { type Checkpoint, fingerprintOf, isSignedBy, parsePublicKey, publicKeyText } from "./checkpoint.ts";

/** A checkpoint that somebody kept elsewhere: the log must reach it and agree with it. */
export interface KnownCheckpoint {
  readonly number: number;
  readonly digest: string;
}

export interface Verdict {
  readonly records: number;
  readonly withheld: number;
  readonly checkpoints: number;
  /** Records behind the last checkpoint: chained, and not yet signed for. */
  readonly unsealed: number;
  /** The newest checkpoint, to be kept elsewhere. */
  readonly last: (KnownCheckpoint & { readonly at: number }) | null;
  /** Fingerprint of the key that the checkpoints were verified with. */
  readonly key: string | null;
  /** The first thing that is not as it was written; null: nothing. */
  readonly broken: Broken | null;
}

export interface Broken {
  /** Of the file, from 1 on. */
  readonly line: number;
  readonly node: string | null;
  readonly position: number | null;
  readonly reason: string;
}

interface Line {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly key?: unknown;
  readonly node?: unknown;
  readonly position?: unknown;
  readonly hash?: unknown;
  readonly digest?: unknown;
  readonly record?: Canonical;
  readonly checkpoint?: Checkpoint;
  readonly signature?: unknown;
}

class NotAsWritten extends Error {}

/**
 * Looks at an exported log line by line, and stops at the first that is not as it was written. Nothing but the file is
 * needed, and the public key: that of the file says only that one key has signed all of it.
 */
export function createVerifier(options: { key?: KeyObject | undefined; known?: KnownCheckpoint | undefined } = {}) {
  const { known } = options;
  let key = options.key;
  let number = 0;
  let records = 0;
  let withheld = 0;
  let unsealed = 0;
  let last: Verdict["last"] = null;
  let isKnownMet = known === undefined;
  let broken: Broken | null = null;
  const heads = new Map<string, Head>();
  let node = "";

  const readHead = (text: string) => {
    const head = parse(text);
    demand(head.type === "openward-audit-log" && head.format === 1, "this is not an audit log of a version known here");
    let own: KeyObject;
    try {
      own = parsePublicKey(String(head.key));
    } catch {
      throw new NotAsWritten("the public key of the file is none");
    }
    demand(publicKeyText(own) === head.key, "the public key of the file is not in its form");
    key ??= own;
    demand(fingerprintOf(own) === fingerprintOf(key), "the file names another public key than the one that was given");
  };

  const readRecord = (found: Line) => {
    const { node: name, position, hash } = found;
    demand(typeof name === "string" && name !== "", "it names no node");
    // Between two checkpoints node follows node: what was moved is found although no chain is broken by it.
    demand(name >= node, "it is not in its place");
    const digest = found.type === "record" ? digestOf(canonical(found.record ?? null)) : String(found.digest);
    const head = after(heads.get(name) ?? beginningOf(name), digest);
    demand(position === head.position, `position ${head.position} should be here`);
    demand(hash === head.hash, "its hash is not that of its content and of the record before");
    heads.set(name, head);
    node = name;
    records++;
    unsealed++;
    if (found.type === "withheld") withheld++;
  };

  const readCheckpoint = ({ checkpoint, signature }: Line) => {
    demand(typeof checkpoint === "object" && checkpoint !== null && typeof signature === "string", "it is cut short");
    const bytes = Buffer.from(signature, "base64");
    demand(bytes.toString("base64") === signature, "the signature is not in its form");
    const body = canonical(checkpoint as unknown as Canonical); // it came out of JSON
    demand(key !== undefined && isSignedBy(key, { body, signature: bytes }), "the signature is not the key's");
    demand(checkpoint.number === (last?.number ?? 0) + 1, `checkpoint ${(last?.number ?? 0) + 1} should be here`);
    demand(checkpoint.previous === (last?.digest ?? "0".repeat(64)), "the checkpoint before is another one");
    demand(checkpoint.records === records, `it covers ${checkpoint.records} records, and ${records} are here`);
    const covered = new Map(checkpoint.chains.map((head) => [head.node, head]));
    for (const head of heads.values()) {
      const { position, hash } = covered.get(head.node) ?? beginningOf(head.node);
      demand(position === head.position && hash === head.hash, `it has another head of node ${head.node}`);
    }
    for (const name of covered.keys())
      demand(heads.has(name) || covered.get(name)?.position === 0, `node ${name} is not here`);
    const digest = digestOf(body);
    last = { number: checkpoint.number, digest, at: checkpoint.at };
    if (known?.number === checkpoint.number) {
      demand(known.digest === digest, "it is not the checkpoint that is known");
      isKnownMet = true;
    }
    unsealed = 0;
    node = "";
  };

  return {
    /** @param text without its line feed */
    line(text: string): void {
      number++;
      if (broken) return;
      let found: Line = {};
      try {
        if (number === 1) readHead(text);
        else {
          found = parse(text);
          if (found.type === "record" || found.type === "withheld") readRecord(found);
          else if (found.type === "checkpoint") readCheckpoint(found);
          else throw new NotAsWritten("it is neither record nor checkpoint");
        }
      } catch (error) {
        if (!(error instanceof NotAsWritten)) throw error;
        const name = typeof found.node === "string" ? found.node : null;
        const position = typeof found.position === "number" ? found.position : null;
        broken = { line: number, node: name, position, reason: error.message };
      }
    },

    /** @param isWhole the last line ended with a line feed */
    end(isWhole: boolean): Verdict {
      const tail = (reason: string): Broken => ({ line: number, node: null, position: null, reason });
      if (!broken && number === 0) broken = tail("the file is empty");
      if (!broken && !isWhole) broken = tail("the file ends in the midst of a line");
      if (!broken && !isKnownMet) broken = tail(`the log ends before checkpoint ${known?.number}, which is known`);
      const checkpoints = last?.number ?? 0;
      return { records, withheld, checkpoints, unsealed, last, key: key ? fingerprintOf(key) : null, broken };
    },
  };
}

/** A whole file at once. */
export function verifyLog(text: string, options?: Parameters<typeof createVerifier>[0]): Verdict {
  const verifier = createVerifier(options);
  const lines = text.split("\n");
  const rest = lines.pop();
  for (const one of lines) verifier.line(one);
  if (rest) verifier.line(rest);
  return verifier.end(rest === "");
}

function parse(text: string): Line {
  let value: Canonical;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotAsWritten("the line is not JSON");
  }
  demand(typeof value === "object" && value !== null && !Array.isArray(value), "the line is not an object");
  // Another spelling of the same is a change as well: nothing of ours writes it.
  demand(canonical(value) === text, "the line is not in the form that it was written in");
  return value as Line; // every member is looked at before it is used
}

function demand(isSo: boolean, reason: string): asserts isSo {
  if (!isSo) throw new NotAsWritten(reason);
}
