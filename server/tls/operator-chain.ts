import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Log } from "./ports.ts";
import { type RevocationList, readRevocationLists } from "./revocation-list.ts";

const LOOK_EVERY_MS = 2_000;
const REMIND_EVERY_MS = 3_600_000;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Longer than any real one: a ring of cross-signed authorities ends here. */
const PATH_MAX = 8;

/**
 * What the operator's authorities say of a certificate. "other": none of them issued it. "unlisted": nobody says whether it was
 * taken back, though lists are kept.
 */
export type Standing = "other" | "good" | "revoked" | "unlisted" | "expired";

/** Authorities outside whose certificates devices may show. */
export interface OperatorChain {
  /** PEM, one each. */
  readonly certs: readonly string[];
  judge(certificate: X509Certificate): Standing;
  /** Called when what was said of a certificate may not hold any more. */
  onChange(listener: () => void): void;
  close(): void;
}

interface Options {
  /** `lists` null: no lists are kept. */
  readonly files: { readonly authorities: string; readonly lists: string | null };
  readonly runtime: Runtime;
  readonly log: Log;
  readonly lookEveryMs?: number;
}

interface Held {
  readonly authorities: readonly X509Certificate[];
  readonly lists: ReadonlyMap<string, RevocationList> | null;
}

/** @throws OutsideTrouble CONFIG_INVALID naming the setting whose file cannot be read or says nothing that can be used */
export async function openOperatorChain({ files, runtime, log, lookEveryMs }: Options): Promise<OperatorChain> {
  const now = () => runtime.clock.now();
  const read = (path: string, at: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected: "a file that can be read" }, { cause });
    }
  };
  let text = read(files.authorities, "OPENWARD_DEVICE_CA");
  let listText = files.lists === null ? null : read(files.lists, "OPENWARD_DEVICE_CRL");
  let held = await parse(text, listText, now());
  let refused = "";
  const listeners = new Set<() => void>();

  const look = async () => {
    const [nextText, nextListText] = await Promise.all([
      readFile(files.authorities, "utf8"),
      files.lists === null ? null : readFile(files.lists, "utf8"),
    ]);
    if ((nextText === text && nextListText === listText) || nextText + nextListText === refused) return;
    try {
      held = await parse(nextText, nextListText, now());
    } catch (error) {
      if (!(error instanceof OutsideTrouble)) throw error;
      refused = nextText + nextListText;
      return log.warn(
        { reason: error.message },
        "changed files of the devices' authorities cannot be used; those before stay",
      );
    }
    [text, listText, refused] = [nextText, nextListText, ""];
    log.info({ authorities: held.authorities.length }, "the devices' authorities were read again");
    for (const listener of listeners) listener();
  };

  let remindedAt = Number.NEGATIVE_INFINITY;
  const remind = () => {
    if (runtime.clock.monotonic() - remindedAt < REMIND_EVERY_MS) return;
    const overdue = [...(held.lists?.values() ?? [])].filter(
      ({ nextUpdate }) => nextUpdate !== null && nextUpdate < now(),
    );
    if (overdue.length === 0) return;
    remindedAt = runtime.clock.monotonic();
    log.warn({ lists: overdue.length }, "revocation lists of OPENWARD_DEVICE_CRL are overdue; they still count");
  };
  remind();

  let isLooking = false;
  const timer = runtime.timers.every(lookEveryMs ?? LOOK_EVERY_MS, () => {
    remind();
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: NodeJS.ErrnoException) =>
        log.warn({ code: error.code }, "files of the devices' authorities cannot be read"),
      )
      .finally(() => {
        isLooking = false;
      });
  });

  return {
    get certs() {
      return held.authorities.map((authority) => authority.toString());
    },
    judge: (certificate) => judge(certificate, held, now()),
    onChange: (listener) => void listeners.add(listener),
    close: () => timer.cancel(),
  };
}

/**
 * The path is made of the file alone: what a client sends along proves nothing here. TLS has asked for it too, with key
 * usage and path length; this is asked again whenever the files change, of sessions that are open as well.
 */
function judge(certificate: X509Certificate, { authorities, lists }: Held, now: number): Standing {
  let at = certificate;
  let standing: Standing = "good";
  for (let depth = 0; depth < PATH_MAX; depth++) {
    const issuer = authorities.find((one) => isIssuer(one, at));
    if (!issuer) return "other";
    if (!isCurrent(at, now)) standing = "expired";
    if (lists && at !== issuer) {
      const list = lists.get(issuer.fingerprint256);
      if (list?.has(at.serialNumber)) return "revoked";
      if (!list) standing = "unlisted";
    }
    if (isIssuer(issuer, issuer)) return isCurrent(issuer, now) ? standing : "expired";
    at = issuer;
  }
  return "other";
}

const isIssuer = (issuer: X509Certificate, of: X509Certificate) =>
  of.checkIssued(issuer) && of.verify(issuer.publicKey);

const isCurrent = (one: X509Certificate, now: number) =>
  one.validFromDate.getTime() <= now && now < one.validToDate.getTime();

async function parse(text: string, listText: string | null, now: number): Promise<Held> {
  const authorities = parseAuthorities(text, now);
  if (listText === null) return { authorities, lists: null };
  const at = "OPENWARD_DEVICE_CRL";
  let lists: Map<string, RevocationList>;
  try {
    lists = await readRevocationLists(listText, authorities);
  } catch (cause) {
    throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected: (cause as Error).message }, { cause });
  }
  const silent = authorities.find((authority) => !lists.has(authority.fingerprint256));
  if (silent) {
    const expected = `a revocation list of each authority of OPENWARD_DEVICE_CA, also of ${inOneLine(silent.subject)}`;
    throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected });
  }
  return { authorities, lists };
}

function parseAuthorities(text: string, now: number): X509Certificate[] {
  const wrong = (expected: string) =>
    new OutsideTrouble("CONFIG_INVALID", false, { at: "OPENWARD_DEVICE_CA", expected });
  let authorities: X509Certificate[];
  try {
    authorities = (text.match(PEM) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    throw wrong("certificates in PEM that can be read");
  }
  if (authorities.length === 0) throw wrong("certificates of authorities, PEM");
  for (const authority of authorities) {
    const name = inOneLine(authority.subject);
    if (!authority.ca) throw wrong(`certificates of authorities, which ${name} is not`);
    if (!isCurrent(authority, now)) throw wrong(`certificates that are valid now, which that of ${name} is not`);
    if (!authorities.some((one) => isIssuer(one, authority)))
      throw wrong(`the authorities above too, up to one that signed itself: who issued ${name} is missing`);
  }
  return authorities;
}

const inOneLine = (subject: string) => subject.replaceAll("\n", ", ");
