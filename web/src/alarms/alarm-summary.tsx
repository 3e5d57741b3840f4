import { Popover } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { setTitleMark, useLive, useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { formatDuration } from "../parts/format.ts";
import { AlarmMark } from "./alarm-mark.tsx";
import classes from "./alarms.module.css";
import { PRIORITIES, priorityMark, priorityWord } from "./priority.ts";
import { alarmFate, alarmText } from "./text.ts";
import { type PatientAlarm, useAlarms } from "./use-alarms.ts";

/** How many alarms of each priority wait for an answer; opens the list of all. */
export function AlarmSummary() {
  const alarms = useAlarms();
  const phases = [useLive(monitor.ward).phase, useLive(monitor.patient).phase];
  const now = useNow();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useLeaving(isOpen, [button, list], (isByKey) => {
    setOpen(false);
    if (isByKey) button.current?.focus();
  });
  const raised = alarms.filter((a) => a.alarm.state === "raised");
  const counts = PRIORITIES.map((priority) => ({
    priority,
    count: raised.filter((a) => a.alarm.priority === priority).length,
  })).filter((c) => c.count > 0);
  const top = raised[0]?.alarm.priority;
  useEffect(() => setTitleMark(top ? `${priorityMark[top]} ${raised.length} ` : ""), [top, raised.length]);
  // "No alarms" is said only by a screen that watches.
  const quiet = phases.includes("lost")
    ? "Alarms not known"
    : phases.includes("connecting")
      ? "Connecting…"
      : phases.includes("live")
        ? "No alarms"
        : "Alarms not watched here";
  const spoken =
    counts.length === 0
      ? quiet
      : `Unanswered alarms: ${counts.map((c) => `${c.count} ${priorityWord[c.priority].toLowerCase()}`).join(", ")}`;

  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={380} shadow="md" withinPortal>
      <Popover.Target>
        <button
          ref={button}
          type="button"
          aria-expanded={isOpen}
          className={classes.summary}
          aria-label={spoken}
          onClick={() => setOpen((o) => !o)}
        >
          {counts.length === 0 ? (
            <>
              {quiet === "No alarms" && <IconCheck size={18} stroke={2.2} aria-hidden />}
              <span data-hide-narrow={quiet === "No alarms" || undefined}>{quiet}</span>
            </>
          ) : (
            counts.map(({ priority, count }) => (
              <span key={priority} className={classes.mark} data-priority={priority} style={{ fontSize: "0.95rem" }}>
                <span aria-hidden>{priorityMark[priority]}</span>
                {count}
              </span>
            ))
          )}
        </button>
      </Popover.Target>
      <Popover.Dropdown ref={list} p={0}>
        {alarms.length === 0 ? (
          <p style={{ padding: "0.4rem 1rem", margin: 0 }}>{quiet}.</p>
        ) : (
          <ul className={classes.summaryList} aria-label="Alarms">
            {alarms.map(({ alarm, patient }) => (
              <li key={alarm.id}>
                <Link
                  to="/patients/$patientId"
                  params={{ patientId: patient.id }}
                  search={{ tab: "alarms" }}
                  className={classes.summaryItem}
                  onClick={() => setOpen(false)}
                >
                  <AlarmMark priority={alarm.priority} isAnswered={alarm.state === "acknowledged"} />
                  <span>
                    <strong>{patient.stay ? `Bed ${patient.stay.bed}` : ""}</strong> {patient.name}
                  </span>
                  <small>
                    {alarmText(alarm, patient.timeZone)}, {formatDuration(now - alarm.raisedAt)}
                    {alarm.acknowledgedAt !== null && ` · ${alarmFate(alarm, patient.timeZone)}`}
                  </small>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
      <Announcer raised={raised} />
    </Popover>
  );
}

/** Escape, wherever the focus is, and focus that goes elsewhere, as into a dialog, end what is open. */
function useLeaving(
  isOpen: boolean,
  inside: readonly React.RefObject<HTMLElement | null>[],
  leave: (isByKey: boolean) => void,
): void {
  const latest = useRef({ inside, leave });
  latest.current = { inside, leave };
  useEffect(() => {
    if (!isOpen) return;
    const onKey = (e: KeyboardEvent) => e.key === "Escape" && latest.current.leave(true);
    const onFocus = (e: FocusEvent) => {
      const isInside = latest.current.inside.some((ref) => ref.current?.contains(e.target as Node));
      if (!isInside) latest.current.leave(false);
    };
    document.addEventListener("keydown", onKey);
    document.addEventListener("focusin", onFocus);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("focusin", onFocus);
    };
  }, [isOpen]);
}

/** Says each new alarm to a screen reader, once. */
function Announcer({ raised }: { readonly raised: readonly PatientAlarm[] }) {
  const told = useRef(new Set<string>());
  const [text, setText] = useState("");
  useEffect(() => {
    const news = raised.filter((a) => !told.current.has(a.alarm.id));
    told.current = new Set(raised.map((a) => a.alarm.id));
    if (news.length === 0) return;
    setText(
      news
        .map(({ alarm, patient }) => {
          const bed = patient.stay ? `bed ${patient.stay.bed}, ` : "";
          return `${priorityWord[alarm.priority]} alarm: ${bed}${patient.name}, ${alarmText(alarm, patient.timeZone)}.`;
        })
        .join(" "),
    );
  }, [raised]);
  return (
    <div role="alert" aria-label="New alarms" className="visually-hidden">
      {text}
    </div>
  );
}
