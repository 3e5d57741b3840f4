import type { PatientBody } from "@openward/api";

export type AgeGroup = NonNullable<PatientBody["ageGroup"]>;

/** The groups that have default limits of their own. */
export const ageGroups: readonly { readonly value: AgeGroup; readonly label: string }[] = [
  { value: "adult", label: "Adult" },
  { value: "pediatric", label: "Child" },
  { value: "neonate", label: "Newborn" },
];

export const ageGroupWord = (group: AgeGroup): string => ageGroups.find((g) => g.value === group)?.label ?? group;
