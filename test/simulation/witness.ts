import type { JournalEntry } from "@openward/model";
import type { Store } from "./database/store.ts";
import type { ModelDisk } from "./disk.ts";
import { spoolHolds } from "./spool-positions.ts";
import type { Ward } from "./ward.ts";
import type { World } from "./world.ts";

/** Sees every entry become durable and be acknowledged, over all processes of a history. */
export class Witness {
  readonly #world: World;
  readonly #ward: Ward;
  readonly #store: Store;
  readonly #disk: ModelDisk;
  readonly #places = new WeakMap<JournalEntry, { first: number; last: number }>();
  /** Everything up to here is in memory, or was refused. */
  #shownLast = 0;

  constructor(world: World, ward: Ward, store: Store, disk: ModelDisk) {
    this.#world = world;
    this.#ward = ward;
    this.#store = store;
    this.#disk = disk;
  }

  /** As memory is given it; who follows positions reads up to `last` now, and goes on from there. */
  committed(entries: readonly JournalEntry[], first: number, last: number): void {
    if (first <= this.#shownLast)
      this.#world.break("ascending", `${first} comes into memory behind ${this.#shownLast}`);
    this.#shownLast = last;
    for (const entry of entries) this.#places.set(entry, { first, last });
  }

  acknowledged(entries: readonly JournalEntry[]): void {
    const place = entries[0] && this.#places.get(entries[0]);
    if (!place) {
      if (entries.length > 0) this.#world.break("ownWrites", "acknowledged before memory has it");
      return;
    }
    for (const entry of entries) this.#checkOwner(entry);
    if (!this.#store.hasPosition) return;
    for (let position = place.first; position <= place.last; position++) {
      if (!this.#store.hasPosition(position) && !spoolHolds(this.#disk, position))
        this.#world.break("durable", `position ${position} is acknowledged and in neither journal nor spool`);
    }
  }

  /** Whose it is, by the truth of the ward. What has no time of its own has that of a clock that jumps: not judged here. */
  #checkOwner(entry: JournalEntry): void {
    const said = ownerAndTimes(entry);
    if (!said || said.stream.signal === "body-weight") return;
    const { stream, associationId, times } = said;
    for (const time of times) {
      const worn = this.#ward.at(stream.deviceId, time);
      if (worn?.id !== associationId || worn.patientId !== stream.patientId)
        this.#world.break("patient", `${stream.signal} at ${time} of ${stream.deviceId} goes to ${stream.patientId}`);
    }
  }
}

function ownerAndTimes(entry: JournalEntry) {
  if (entry.kind === "readings") return entry.readings;
  if (entry.kind === "waveform") return { ...entry.waveform, times: [entry.waveform.start] };
  return undefined;
}
