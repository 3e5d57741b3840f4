import type { Amendment, AmendmentRecord, Stream } from "@openward/model";

/** The streams that a question is about. */
type Named = Pick<Stream, "id" | "patientId" | "deviceId">;

interface Entry {
  readonly amendment: Amendment;
  withdrawnBy: Amendment | undefined;
}

const NONE: readonly AmendmentRecord[] = [];
const MINUTE_MS = 60_000;
/** Longer spans are looked for in the whole list. */
const INDEXED_MS_MAX = 2 * 86_400_000;

/** What was said of one device on one patient, in the order in which it was made. */
class Shelf {
  readonly all: Entry[] = [];
  readonly #spans: Entry[] = [];
  /** Of single readings, of which there may be very many. */
  readonly #byMinute = new Map<number, Entry[]>();

  add(entry: Entry): void {
    this.all.push(entry);
    const { reading, from } = entry.amendment;
    if (!reading) {
      this.#spans.push(entry);
      return;
    }
    const minute = Math.floor(from / MINUTE_MS);
    const list = this.#byMinute.get(minute);
    if (list) list.push(entry);
    else this.#byMinute.set(minute, [entry]);
  }

  around(from: number, to: number): readonly Entry[] {
    const isIn = ({ amendment }: Entry) => overlaps(amendment, from, to);
    if (!(to - from <= INDEXED_MS_MAX)) return this.all.filter(isIn);
    const found = this.#spans.filter(isIn);
    if (this.#byMinute.size === 0) return found;
    for (let minute = Math.floor(from / MINUTE_MS); minute * MINUTE_MS < to; minute++)
      for (const entry of this.#byMinute.get(minute) ?? []) if (isIn(entry)) found.push(entry);
    return found.sort((a, b) => a.amendment.sequence - b.amendment.sequence);
  }
}

/** Every amendment in memory, by patient and device, in the order in which they were made. */
export class Book {
  readonly #byPatient = new Map<string, Map<string, Shelf>>();
  readonly #byId = new Map<string, Entry>();
  /** The newest there is, and the newest of each organisation. */
  #newest = 0;
  readonly #newestOf = new Map<string, number>();

  get newest(): number {
    return this.#newest;
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  newestOf(organisationId: string): number {
    return this.#newestOf.get(organisationId) ?? 0;
  }

  /** @returns false: it was known */
  add(amendment: Amendment): boolean {
    if (this.#byId.has(amendment.id)) return false;
    const { sequence, organisationId } = amendment;
    this.#newest = Math.max(this.#newest, sequence);
    this.#newestOf.set(organisationId, Math.max(this.newestOf(organisationId), sequence));
    const entry: Entry = { amendment, withdrawnBy: undefined };
    this.#byId.set(amendment.id, entry);
    if (amendment.kind === "withdrawn") {
      const withdrawn = this.#byId.get(amendment.withdraws ?? "");
      if (withdrawn) withdrawn.withdrawnBy = amendment;
      return true;
    }
    this.#put(amendment.patientId, entry);
    if (amendment.toPatientId !== null) this.#put(amendment.toPatientId, entry);
    return true;
  }

  #put(patientId: string, entry: Entry): void {
    let devices = this.#byPatient.get(patientId);
    if (!devices) {
      devices = new Map();
      this.#byPatient.set(patientId, devices);
    }
    const { deviceId } = entry.amendment;
    let shelf = devices.get(deviceId);
    if (!shelf) {
      shelf = new Shelf();
      devices.set(deviceId, shelf);
    }
    shelf.add(entry);
  }

  has(patientId: string): boolean {
    return this.#byPatient.has(patientId);
  }

  find(id: string): AmendmentRecord | undefined {
    return this.#byId.get(id);
  }

  /** Of a stream's patient and device, withdrawn ones included, oldest first. */
  of({ patientId, deviceId }: Named): readonly AmendmentRecord[] {
    return this.#byPatient.get(patientId)?.get(deviceId)?.all ?? NONE;
  }

  /** Those of them that are about any of [from, to). */
  around({ patientId, deviceId }: Named, from: number, to: number): readonly AmendmentRecord[] {
    return this.#byPatient.get(patientId)?.get(deviceId)?.around(from, to) ?? NONE;
  }

  ofPatient(patientId: string): readonly AmendmentRecord[] {
    const devices = this.#byPatient.get(patientId);
    return devices ? [...devices.values()].flatMap(({ all }) => all) : NONE;
  }

  /** Every one of every organisation, withdrawals too, oldest first. */
  inOrder(): readonly AmendmentRecord[] {
    return [...this.#byId.values()].sort((a, b) => a.amendment.sequence - b.amendment.sequence);
  }

  devicesOf(patientId: string): readonly string[] {
    return [...(this.#byPatient.get(patientId)?.keys() ?? [])];
  }

  patients(): readonly string[] {
    return [...this.#byPatient.keys()];
  }

  /** What was said of a patient who was erased; what had been theirs and is in another's record stays hidden there. */
  forget(patientId: string): void {
    this.#byPatient.delete(patientId);
  }
}

/** Was it made by then, and did it still hold? @param asOf a sequence; Infinity: today */
export function holds({ amendment, withdrawnBy }: AmendmentRecord, asOf = Number.POSITIVE_INFINITY): boolean {
  return amendment.sequence <= asOf && !(withdrawnBy && withdrawnBy.sequence <= asOf);
}

/** Is it about this stream, whether it takes something out of it or puts something into it? */
export function isAbout({ streamId, patientId }: Amendment, stream: Named): boolean {
  return streamId === null || patientId !== stream.patientId || streamId === stream.id;
}

export function overlaps({ from, to }: Amendment, start: number, end: number): boolean {
  return from < end && to > start;
}
