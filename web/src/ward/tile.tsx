import { IconAdjustmentsAlt, IconPlayerPause, IconUserQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, useMemo } from "react";
import { AlarmBar } from "../alarms/alarm-bar.tsx";
import { useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { useWall } from "../kiosk/wall.ts";
import { standbyOf, type TileState } from "../live/tiles.ts";
import { WaveStrip } from "../live/wave-strip.tsx";
import { formatTime } from "../parts/format.ts";
import { Identity } from "../parts/identity.tsx";
import { limitsNotice } from "../patients/limits-notice.ts";
import { type Slot, tileSlots } from "./slots.ts";
import classes from "./tile.module.css";
import { Vital } from "./vital.tsx";

/** One patient on the wall: bed, two identifiers, numbers, one waveform, alarms. */
export const Tile = memo(function Tile({ tile }: { readonly tile: TileState }) {
  const now = useNow();
  const wall = useWall();
  const { patient, alarms } = tile;
  const bed = patient.stay?.bed ?? "–";
  const slots = useMemo(() => tileSlots(tile, now), [tile, now]);
  const waves = tile.streams.filter((s) => s.kind === "waveform");
  const wave = waves.find((s) => s.signal.startsWith("ecg-")) ?? waves[0];
  const top = alarms[0];
  return (
    <article
      className={classes.tile}
      aria-labelledby={`tile-${patient.id}`}
      data-patient={patient.id}
      data-priority={top?.state === "raised" ? top.priority : undefined}
      data-answered={top?.state === "acknowledged" ? top.priority : undefined}
    >
      <div className={classes.inside}>
        <header className={classes.head}>
          <span className={classes.bed} aria-hidden>
            {bed}
          </span>
          <div className={classes.who}>
            <h3 id={`tile-${patient.id}`} className={classes.name}>
              <span className="visually-hidden">Bed {bed}, </span>
              <Name patient={patient} />
            </h3>
            {wall?.shows !== "number" && (
              <p className={classes.identity}>
                {wall ? `MRN ${patient.mrn}` : <Identity patient={patient} now={now} withSex={false} />}
              </p>
            )}
          </div>
        </header>
        <Status tile={tile} now={now} />
        {slots.length === 0 ? (
          <p className={classes.nothing}>No device on this patient yet</p>
        ) : (
          <>
            <Vitals slots={slots.slice(0, 3)} alarms={alarms} />
            {slots.length > 3 && <Vitals slots={slots.slice(3)} alarms={alarms} isSecond />}
          </>
        )}
        {wave && <WaveStrip live={monitor.ward} patientId={patient.id} whose={patient.name} expected={wave.signal} />}
      </div>
    </article>
  );
});

/** The way to the chart; on a wall there is none, and initials or the record number stand in the name's place. */
function Name({ patient }: Pick<TileState, "patient">) {
  const wall = useWall();
  const unknown = patient.isUnknown && <IconUserQuestion size="1.1em" aria-label="Identity unknown" />;
  if (wall) {
    return (
      <>
        {unknown} {wall.shows === "number" ? `MRN ${patient.mrn}` : patient.name}
      </>
    );
  }
  return (
    <Link to="/patients/$patientId" params={{ patientId: patient.id }} className={classes.link}>
      {unknown}
      {patient.name}
    </Link>
  );
}

function Vitals(props: {
  readonly slots: readonly Slot[];
  readonly alarms: TileState["alarms"];
  readonly isSecond?: boolean;
}) {
  return (
    <div className={classes.vitals} data-second={props.isSecond || undefined} data-count={props.slots.length}>
      {props.slots.map((slot) => (
        <Vital
          key={slot.key}
          slot={slot}
          alarm={props.alarms.find((a) => a.streamId !== null && slot.streamIds.includes(a.streamId))}
        />
      ))}
    </div>
  );
}

/** The line that says whether somebody must act: alarms first, then why nothing is watched, then that all is quiet. */
function Status({ tile, now }: { readonly tile: TileState; readonly now: number }) {
  const { patient, alarms } = tile;
  const standby = standbyOf(tile, now);
  const first = alarms[0];
  const wall = useWall();
  const limits = limitsNotice(patient);
  return (
    <div className={classes.status}>
      {first && (
        <AlarmBar
          key={first.id}
          alarm={first}
          more={alarms.length - 1}
          now={now}
          zone={patient.timeZone}
          whose={`bed ${patient.stay?.bed ?? "–"}`}
        />
      )}
      {standby && (
        <p className={classes.notice} data-kind="standby">
          <IconPlayerPause size="1.15em" aria-hidden />
          <span>
            <b>STANDBY</b> until {formatTime(standby.until, patient.timeZone)}
            {!wall && `: ${standby.reason}`}
          </span>
        </p>
      )}
      {limits && wall && (
        <p className={classes.notice} data-kind="limits">
          <IconAdjustmentsAlt size="1.15em" aria-hidden />
          <span>
            <b>{limits.word}</b>
          </span>
        </p>
      )}
      {limits && !wall && (
        <Link
          to="/patients/$patientId"
          params={{ patientId: patient.id }}
          search={{ tab: "limits" }}
          className={classes.notice}
          data-kind="limits"
        >
          <IconAdjustmentsAlt size="1.15em" aria-hidden />
          <span>
            <b>{limits.word}</b> {limits.text}
          </span>
        </Link>
      )}
      {!first && !standby && !limits && <p className={`${classes.quiet} live-only`}>No alarms</p>}
    </div>
  );
}
