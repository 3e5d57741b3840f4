import ward from "./demo-ward.json" with { type: "json" };
import type { AgeKind, Vitals } from "./physiology/vitals.ts";

export interface DemoWardDevice {
  readonly id: string;
  /** Key of packages/drivers. */
  readonly type: string;
  readonly display: string;
  /** As `DemoDevice` of demo.ts wants them; the token is the server's to make. */
  readonly simulation: {
    readonly scenario: string;
    readonly seed: number;
    readonly deviceType: string;
    readonly age: AgeKind;
    readonly baseline: Partial<Vitals>;
    readonly everyS?: Readonly<Record<string, number>>;
  };
}

export interface DemoPatient {
  /** null: admitted without a known identity. */
  readonly name: string | null;
  /** ISO date; null when not known. */
  readonly birthDate: string | null;
  readonly sex: "male" | "female" | "other" | "unknown";
  readonly mrn: string;
  readonly isUnknown: boolean;
  readonly bed: string;
  readonly devices: readonly DemoWardDevice[];
}

export interface DemoWard {
  readonly organisation: string;
  readonly ward: string;
  readonly timeZone: string;
  readonly patients: readonly DemoPatient[];
}

const DAY_MS = 86_400_000;

/**
 * The invented ward. The child and the newborn keep their age whenever the demo is first started, so their birth dates
 * are counted back from `now`.
 *
 * @param now ms UTC
 */
export function demoWard(now: number): DemoWard {
  return {
    organisation: ward.organisation,
    ward: ward.ward,
    timeZone: ward.timeZone,
    patients: ward.patients.map((patient) => ({
      name: patient.name,
      birthDate:
        patient.ageDays === undefined
          ? (patient.birthDate ?? null)
          : new Date(now - patient.ageDays * DAY_MS).toISOString().slice(0, 10),
      sex: patient.sex as DemoPatient["sex"],
      mrn: patient.mrn,
      isUnknown: patient.name === null,
      bed: patient.bed,
      devices: patient.devices.map((device) => ({
        id: device.id,
        type: device.type,
        display: device.display,
        simulation: {
          scenario: "scenario" in device ? device.scenario : patient.scenario,
          seed: patient.seed,
          deviceType: device.type,
          age: patient.age as AgeKind,
          baseline: patient.baseline ?? {},
          ...("everyS" in device ? { everyS: device.everyS } : {}),
        },
      })),
    })),
  };
}
