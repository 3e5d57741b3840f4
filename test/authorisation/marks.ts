import type { Mark } from "@openward/api";
import { type FieldKind, type PrincipalRole, withheldFrom } from "@openward/model";

/** A patient of the world, and every text by which anything of them would be known in an answer. */
export interface Known {
  readonly key: string;
  readonly organisationId: string;
  readonly wardId: string;
  readonly id: string;
  readonly mrn: string;
  readonly bed: string;
  readonly deviceId: string;
  readonly token: string;
  /** Of the device on the patient. */
  readonly associationId: string;
  /** Heart rate, and the time of its readings. */
  readonly streamId: string;
  readonly waveformId: string;
  readonly times: readonly number[];
  readonly alarm: { readonly id: string; readonly revision: number };
  readonly standbyId: string;
  readonly amendmentId: string;
  readonly consentId: string;
  /** A Condition of theirs that was written by FHIR. */
  readonly conditionId: string;
  readonly quarantineId: string;
  readonly relationId: string;
  readonly factId: string;
  readonly grantId: string;
  /** Of another kind than the heart: the stream of their oxygen. */
  readonly openId: string;
  readonly marks: ReadonlyMap<Mark, readonly string[]>;
}

export interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly bytes: Buffer;
}

/** Which marks stand in the answer, its headers too; what the question itself said is not told by the answer. */
export function marksIn(answer: Answer, known: Known, question = ""): Mark[] {
  const asked = question.toLowerCase();
  const text = textOf(answer);
  return [...known.marks].flatMap(([mark, texts]) =>
    texts.some((one) => {
      const wanted = one.toLowerCase();
      return (
        !asked.includes(wanted) &&
        (text.includes(wanted) || (answer.headers.includes("cbor") && includesDouble(answer.bytes, wanted)))
      );
    })
      ? [mark]
      : [],
  );
}

const texts = new WeakMap<Buffer, string>();
/** It is looked through for many patients. */
function textOf({ headers, bytes }: Answer): string {
  let text = texts.get(bytes);
  if (text === undefined) {
    text = `${headers}\n${bytes.toString("latin1")}`.toLowerCase();
    texts.set(bytes, text);
  }
  return text;
}

/** A number in CBOR is eight bytes, and no text at all. */
function includesDouble(bytes: Buffer, text: string): boolean {
  if (!/^\d+\.\d+$/.test(text)) return false;
  const double = Buffer.alloc(8);
  double.writeDoubleBE(Number(text));
  if (bytes.includes(double)) return true;
  double.writeDoubleLE(Number(text));
  return bytes.includes(double);
}

/** Whatever it is that one may know of a patient, one may know the id by which it was asked for. */
export function toldBeyond(found: readonly Mark[], allowed: readonly Mark[]): Mark[] {
  return found.filter((mark) => !allowed.includes(mark));
}

const MARK_OF: Readonly<Partial<Record<FieldKind, Mark>>> = {
  name: "name",
  birth: "birth",
  identifier: "mrn",
  location: "bed",
  "free-text": "reason",
};

/** Of a patient who is seen what is not told to this role all the same. */
export function withheldMarks(role: PrincipalRole | null): readonly Mark[] {
  return role === null ? [] : [...withheldFrom(role)].flatMap((kind) => MARK_OF[kind] ?? []);
}
