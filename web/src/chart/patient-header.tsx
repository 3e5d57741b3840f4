import type { PatientBody } from "@openward/api";
import { IconAdjustmentsAlt, IconUserQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { GlassMarker } from "../access/glass-marker.tsx";
import { UnwatchedPatient } from "../access/unwatched.tsx";
import { AlarmBar } from "../alarms/alarm-bar.tsx";
import { useMay, useNow } from "../app/hooks.ts";
import { LaunchMenu } from "../applications/launch-menu.tsx";
import type { TileState } from "../live/tiles.ts";
import { formatAge, formatBirthDate, sexWord } from "../parts/format.ts";
import { limitsNotice } from "../patients/limits-notice.ts";
import { PatientActions } from "../patients/patient-actions.tsx";
import classes from "./chart.module.css";
import { StandbyControl } from "./standby-control.tsx";

/** Whose page this is, on every tab: two identifiers, age, bed, and what is wrong now. */
export function PatientHeader({
  patient,
  tile,
}: {
  readonly patient: PatientBody;
  readonly tile: TileState | undefined;
}) {
  const now = useNow();
  const mayChange = useMay("clinical");
  const age = formatAge(patient.birthDate, now, patient.timeZone);
  const alarms = tile?.alarms ?? [];
  const limits = limitsNotice(patient);
  return (
    <header className={classes.header}>
      <div className={classes.identity}>
        {patient.stay && (
          <span className={classes.bed} title={`${patient.stay.wardName}, bed ${patient.stay.bed}`}>
            <small>Bed</small>
            {patient.stay.bed}
          </span>
        )}
        <div className={classes.who}>
          <h1 className={classes.name}>
            {patient.isUnknown && <IconUserQuestion size={26} aria-label="Identity unknown" />} {patient.name}
          </h1>
          <dl className={classes.facts}>
            <Fact term="Born">{patient.birthDate ? formatBirthDate(patient.birthDate) : "not known"}</Fact>
            {age && <Fact term="Age">{age}</Fact>}
            <Fact term="Sex">{patient.sex === "unknown" ? "not known" : sexWord[patient.sex]}</Fact>
            <Fact term="Record number">{patient.mrn}</Fact>
            <Fact term="Where">
              {patient.stay ? (
                <Link to="/ward/$wardId" params={{ wardId: patient.stay.wardId }}>
                  {patient.stay.wardName}
                </Link>
              ) : patient.mergedInto ? (
                <Link to="/patients/$patientId" params={{ patientId: patient.mergedInto }}>
                  merged into another record
                </Link>
              ) : (
                "not admitted"
              )}
            </Fact>
            <Fact term="Times in">{patient.timeZone.replaceAll("_", " ")}</Fact>
          </dl>
        </div>
        <div className={classes.do}>
          <LaunchMenu patient={patient} />
          {mayChange && patient.stay && <StandbyControl patient={patient} tile={tile} />}
          {mayChange && <PatientActions patient={patient} />}
        </div>
      </div>
      {limits && (
        <Link
          to="/patients/$patientId"
          params={{ patientId: patient.id }}
          search={{ tab: "limits" }}
          className={classes.needsLimits}
        >
          <IconAdjustmentsAlt size={20} aria-hidden />
          <span>
            <b>{limits.word}.</b> {limits.text}
          </span>
        </Link>
      )}
      <GlassMarker patient={patient} />
      <UnwatchedPatient patient={patient} />
      {alarms.length > 0 && (
        <ul className={classes.alarms} aria-label="Alarms now">
          {alarms.map((alarm) => (
            <li key={alarm.id}>
              <AlarmBar alarm={alarm} now={now} zone={patient.timeZone} whose={patient.name} />
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
