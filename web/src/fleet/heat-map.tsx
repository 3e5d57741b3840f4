import type { CompletenessTableBody } from "@openward/api";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import classes from "./fleet.module.css";
import { causeWord, dayText, mainCauseOf, percentOf, stepOf } from "./words.ts";

type Row = CompletenessTableBody["rows"][number];

export const rowId = ({ patient, device }: Row): string => patient?.id ?? device?.id ?? "";
export const rowName = ({ patient, device }: Row): string =>
  patient ? `${patient.bed ? `Bed ${patient.bed}, ` : ""}MRN ${patient.mrn}` : (device?.display ?? "");

/** A cell for each row and day; arrows go from cell to cell, and one of them is in the order of the tab key. */
export function HeatMap(props: {
  readonly rows: readonly Row[];
  readonly days: readonly string[];
  readonly label: string;
  readonly onChoose: (row: Row, day: string) => void;
}) {
  const { rows, days, label, onChoose } = props;
  const [at, setAt] = useState({ row: 0, day: days.length - 1 });
  const room = useRef<HTMLDivElement>(null);
  // Today is what is looked at first, and it stands on the right.
  useEffect(() => {
    if (days.length > 0 && room.current) room.current.scrollLeft = room.current.scrollWidth;
  }, [days.length]);
  const place = { row: Math.min(at.row, rows.length - 1), day: Math.min(at.day, days.length - 1) };

  const go = (row: number, day: number) => {
    const next = { row: clamp(row, rows.length), day: clamp(day, days.length) };
    setAt(next);
    room.current?.querySelector<HTMLElement>(`[data-cell="${next.row} ${next.day}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [place.row - 1, place.day],
      ArrowDown: [place.row + 1, place.day],
      ArrowLeft: [place.row, place.day - 1],
      ArrowRight: [place.row, place.day + 1],
      Home: [place.row, 0],
      End: [place.row, days.length - 1],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    go(...step);
  };

  return (
    <div className={classes.room} ref={room}>
      <table className={classes.map} aria-label={label}>
        <thead>
          <tr>
            <td />
            {days.map((day) => (
              <th key={day} scope="col" title={day}>
                {Number(day.slice(8))}
                {(day === days[0] || day.endsWith("-01")) && <small>{MONTHS[Number(day.slice(5, 7)) - 1]}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, r) => (
            <tr key={rowId(row)}>
              <th scope="row" title={rowName(row)}>
                {rowName(row)}
                <small>{row.patient ? row.patient.name : row.device?.id}</small>
              </th>
              {days.map((day, d) => {
                const told = row.days.find((each) => each.day === day);
                const cause = told && mainCauseOf(told);
                const percent = told && percentOf(told);
                return (
                  <td key={day}>
                    <button
                      type="button"
                      className={classes.cell}
                      data-cell={`${r} ${d}`}
                      data-step={percent === undefined ? "none" : stepOf(percent)}
                      aria-label={`${rowName(row)}, ${dayText(day, told)}`}
                      title={dayText(day, told)}
                      tabIndex={r === place.row && d === place.day ? 0 : -1}
                      onKeyDown={onKeyDown}
                      onFocus={() => setAt({ row: r, day: d })}
                      onClick={() => told && onChoose(row, day)}
                    >
                      {percent === undefined ? "–" : percent === 100 ? "✓" : percent}
                      {cause && percent !== undefined && percent < 99 && <b>{causeWord[cause].letter}</b>}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const clamp = (n: number, length: number): number => Math.max(0, Math.min(length - 1, n));
