import type { Mark } from "@openward/api";

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
  /** Heart rate, and the time of its readings. */
  readonly streamId: string;
  readonly waveformId: string;
  readonly times: readonly number[];
  readonly alarm: { readonly id: string; readonly revision: number };
  readonly standbyId: string;
  readonly amendmentId: string;
  readonly quarantineId: string;
  readonly relationId: string;
  readonly factId: string;
  readonly grantId: string;
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
  const text = `${answer.headers}\n${answer.bytes.toString("latin1")}`.toLowerCase();
  return [...known.marks].flatMap(([mark, texts]) =>
    texts.some((one) => {
      const wanted = one.toLowerCase();
      return !asked.includes(wanted) && (text.includes(wanted) || includesDouble(answer.bytes, wanted));
    })
      ? [mark]
      : [],
  );
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
