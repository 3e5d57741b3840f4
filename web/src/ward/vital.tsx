import type { AlarmBody } from "@openward/api";
import { AlarmMark } from "../alarms/alarm-mark.tsx";
import type { Slot } from "./slots.ts";
import classes from "./vital.module.css";

/** One number with signal, unit, time and device; it looks as old as it is. */
export function Vital({
  slot,
  alarm,
  large = false,
}: {
  readonly slot: Slot;
  readonly alarm: AlarmBody | undefined;
  readonly large?: boolean;
}) {
  const { freshness } = slot;
  const details = [slot.name, `device ${slot.deviceIds.join(", ")}`, slot.received && `received as ${slot.received}`]
    .filter(Boolean)
    .join(" · ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for input
    <div
      className={classes.vital}
      role="group"
      aria-label={slot.label}
      title={details}
      data-freshness={freshness.state}
      data-priority={alarm && alarm.state === "raised" ? alarm.priority : undefined}
      data-answered={alarm?.state === "acknowledged" ? alarm.priority : undefined}
      data-large={large || undefined}
      data-wide={slot.text.includes("/") || undefined}
      data-long={slot.text.length === 4 || undefined}
      style={{ "--tone": `var(--tone-${slot.tone})` } as React.CSSProperties}
    >
      <span className={classes.label}>
        {slot.label}
        <span className={classes.unit}>{slot.unit}</span>
        {alarm && <AlarmMark priority={alarm.priority} isAnswered={alarm.state === "acknowledged"} word={false} />}
      </span>
      <span className={classes.value}>
        <output aria-live="off" className={`${classes.number} vital`}>
          {slot.text}
        </output>
        {slot.extra && (
          <span className={`${classes.extra} vital`} title="Mean">
            ({slot.extra})
          </span>
        )}
      </span>
      {(freshness.text || slot.remark) && (
        <span className={classes.when}>
          {freshness.text}
          {slot.remark && <b> {slot.remark}</b>}
        </span>
      )}
    </div>
  );
}
