import { randomUUID } from "node:crypto";

/** Invented patients of the fake ward. */
export const wards = [
  { id: randomUUID(), name: "Ward 3 East", timeZone: "Europe/Oslo" },
  { id: randomUUID(), name: "Step-down unit", timeZone: "Europe/Oslo" },
];

const rows = [
  ["1", "Solberg, Nils", "1951-06-12", "male", "100231", "stable"],
  ["2", "Okafor, Chidinma", "1987-11-02", "female", "100232", "desaturation"],
  ["3", "Hansen, Kari", "1948-03-21", "female", "100233", "stable"],
  ["4", "Lindqvist-Abrahamsen, Wilhelmina", "1939-12-30", "female", "100234", "sepsis"],
  ["5", "Unknown 5", null, "unknown", "U-000005", "unknown"],
  ["6", "Rossi, Marco", "1972-08-19", "male", "100236", "standby"],
  ["7", "Nguyễn, Thị Lan", "1965-01-28", "female", "100237", "offline"],
  ["8", "Weber, Jonas", "2014-05-05", "male", "100238", "tachycardia"],
] as const;

export type Scenario = (typeof rows)[number][5];

export const people = rows.map(([bed, name, birthDate, sex, mrn, scenario]) => ({
  scenario: scenario as Scenario,
  patient: {
    id: randomUUID() as string,
    name: name as string,
    birthDate: birthDate as string | null,
    sex: sex as "male" | "female" | "other" | "unknown",
    mrn: mrn as string,
    isUnknown: scenario === "unknown",
    timeZone: "Europe/Oslo",
    ageGroup: (birthDate === null ? null : birthDate > "2010" ? "pediatric" : "adult") as
      | "adult"
      | "pediatric"
      | "neonate"
      | null,
    ageGroupSource: (birthDate === null ? "unknown" : "birth-date") as "birth-date" | "chosen" | "unknown",
    limitsProfile: (birthDate === null ? null : birthDate > "2010" ? "pediatric" : "adult") as
      | "adult"
      | "pediatric"
      | "neonate"
      | null,
    mergedInto: null as string | null,
    stay: {
      wardId: wards[0]!.id as string,
      wardName: wards[0]!.name,
      bed: bed as string,
      from: Date.now() - 86_400_000 * 2,
    } as {
      wardId: string;
      wardName: string;
      bed: string;
      from: number;
    } | null,
  },
}));

export type FakePatient = (typeof people)[number];
