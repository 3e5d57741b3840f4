import type { Association } from "@openward/model";
import type { World } from "./world.ts";

export const ORGANISATIONS = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"] as const;
export const DEVICES = 5;
export const PATIENTS = 4;
const HOUR_MS = 3_600_000;

export const patientId = (n: number) => `aaaaaaaa-aaaa-4aaa-8aaa-${String(n).padStart(12, "0")}`;
export const deviceName = (n: number) => `device-${n}`;

/** Who wears what since when: the truth that the checks and the directory share. */
export class Ward {
  readonly #world: World;
  readonly #associations: (Association & { to: number | null })[] = [];

  constructor(world: World) {
    this.#world = world;
    for (let n = 0; n < DEVICES; n++) this.#begin(n, n % PATIENTS, world.start - 12 * HOUR_MS);
  }

  /** Devices and patients of even numbers are of the first organisation, the others of the second. */
  organisationOf(device: number): string {
    return ORGANISATIONS[device % 2] as string;
  }

  /** @param patient null: the device lies in a drawer */
  move(device: number, patient: number | null): void {
    const now = this.#world.now;
    const running = this.#associations.find((each) => each.deviceId === deviceName(device) && each.to === null);
    if (running) {
      if (running.from >= now) return;
      running.to = now;
    }
    if (patient !== null) this.#begin(device, patient, now);
  }

  at(deviceId: string, time: number): Association | undefined {
    return this.#associations.find(
      (each) => each.deviceId === deviceId && time >= each.from && (each.to === null || time < each.to),
    );
  }

  of(deviceId: string): Association[] {
    return this.#associations.filter((each) => each.deviceId === deviceId);
  }

  #begin(device: number, patient: number, from: number): void {
    const id = `bbbbbbbb-bbbb-4bbb-8bbb-${String(this.#associations.length).padStart(12, "0")}`;
    const organisationId = this.organisationOf(device);
    // A patient of the device's own organisation.
    const own = (patient - (patient % 2) + (device % 2)) % PATIENTS;
    const association = { id, organisationId, deviceId: deviceName(device), patientId: patientId(own), from, to: null };
    this.#associations.push(association);
  }
}
