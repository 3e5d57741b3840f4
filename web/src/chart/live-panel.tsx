import type { PatientBody } from "@openward/api";
import { IconDeviceWatchOff } from "@tabler/icons-react";
import { useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Empty, Loading } from "../app/pages.tsx";
import type { TileState } from "../live/tiles.ts";
import { WaveStrip } from "../live/wave-strip.tsx";
import { everySlot } from "../ward/slots.ts";
import { Vital } from "../ward/vital.tsx";
import classes from "./chart.module.css";

/** Everything that is measured now: each numeric stream with its device, each waveform. */
export function LivePanel({ patient, tile }: { readonly patient: PatientBody; readonly tile: TileState | undefined }) {
  const now = useNow();
  if (!tile) {
    return patient.stay ? (
      <Loading what="Waiting for the patient" />
    ) : (
      <Empty title="Not admitted: nothing is watched" />
    );
  }
  const slots = everySlot(tile, now);
  const waves = tile.streams.filter((s) => s.kind === "waveform");
  if (slots.length + waves.length === 0) {
    return (
      <Empty title="No device on this patient yet" icon={<IconDeviceWatchOff size={44} stroke={1.3} />}>
        <p>Put one on under the tab Devices.</p>
      </Empty>
    );
  }
  return (
    <>
      <section className={classes.vitals} aria-label="Numerics">
        {slots.map((slot) => (
          <div key={slot.key} className={classes.vitalCard}>
            <Vital
              slot={slot}
              large
              alarm={tile.alarms.find((a) => a.streamId !== null && slot.streamIds.includes(a.streamId))}
            />
            <small>{slot.deviceIds.join(", ")}</small>
          </div>
        ))}
      </section>
      {waves.length > 0 && (
        <section className={classes.waves} aria-label="Waveforms now">
          {waves.map((s) => (
            <div key={s.id} className={classes.wave}>
              <WaveStrip
                live={monitor.patient}
                patientId={patient.id}
                streamId={s.id}
                whose={patient.name}
                expected={s.signal}
                large
              />
            </div>
          ))}
        </section>
      )}
    </>
  );
}
