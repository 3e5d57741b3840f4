import type { PatientBody } from "@openward/api";
import { formatAge, formatBirthDate, sexWord } from "./format.ts";
import classes from "./identity.module.css";

/** The second line of who it is: birth date, age, sex, record number. Two identifiers stand wherever values stand. */
export function Identity({
  patient,
  now,
  withSex = true,
}: {
  readonly patient: PatientBody;
  readonly now: number;
  readonly withSex?: boolean;
}) {
  const age = formatAge(patient.birthDate, now, patient.timeZone);
  const facts = [
    formatBirthDate(patient.birthDate),
    age,
    withSex && patient.sex !== "unknown" ? sexWord[patient.sex] : "",
  ].filter(Boolean);
  return (
    <span className={classes.line}>
      <span className={classes.facts}>
        {/* What is between two facts belongs to the second: at the start of a line it is out of sight. */}
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        <span>
          <abbr title="Record number">MRN</abbr> {patient.mrn}
        </span>
      </span>
    </span>
  );
}
