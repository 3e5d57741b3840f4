import { Button, Group, Select, Table } from "@mantine/core";
import type { LimitsBody, PatientBody } from "@openward/api";
import { findSignal } from "@openward/signals";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Card } from "../../app/pages.tsx";
import { count } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { Rows } from "../../parts/rows.tsx";
import { longName } from "../../parts/signal-display.ts";
import { useSetLimits, useStreams } from "../use-chart.ts";
import { addedLimits, checkLimits } from "./check-limits.ts";
import { insist, type LimitEdits, noEdits, rowsOf, toSend, withAdded, withEdit, withoutEdit } from "./limit-edits.ts";
import { LimitRowFields } from "./limit-row-fields.tsx";

const columns = ["Signal", "Critical low", "Low", "High", "Critical high", "Hysteresis", "Delay, s", "Priority"];

export interface LimitsEditorProps {
  readonly patient: PatientBody;
  readonly set: readonly LimitsBody[];
  readonly mayChange: boolean;
}

/** The rows that nobody touches show what is in force; what is typed is sent with what the person saw. */
export function LimitsEditor({ patient, set, mayChange }: LimitsEditorProps) {
  const [edits, setEdits] = useState<LimitEdits>(noEdits);
  const [isSaved, setSaved] = useState(false);
  const save = useSetLimits(patient.id);
  const streams = useStreams(patient.id).data ?? [];
  const rows = rowsOf(set, edits);
  const changed = rows.filter((row) => row.isChanged);
  const problems = new Map(
    rows.map(({ draft }) => {
      const { hardMin: min, hardMax: max } = findSignal(draft.signal) ?? {};
      return [draft.signal, checkLimits(draft, { min, max })];
    }),
  );
  const isWrong = changed.some(({ draft }) => Object.keys(problems.get(draft.signal) ?? {}).length > 0);
  const isOvertaken = changed.some((row) => row.isOvertaken);
  const without = [...new Set(streams.filter((s) => s.kind === "numeric").map((s) => s.signal))].filter(
    (signal) => !rows.some((row) => row.draft.signal === signal),
  );
  const measured = new Set(streams.map((s) => s.signal));
  const sorted = [...rows].sort((a, b) => Number(measured.has(b.draft.signal)) - Number(measured.has(a.draft.signal)));
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (changed.length === 0 || isWrong || isOvertaken) return;
        save.mutate(
          { limits: toSend(rows) },
          {
            onSuccess: () => {
              setEdits(noEdits);
              setSaved(true);
            },
          },
        );
      }}
    >
      <Card>
        <Rows
          minWidth={1120}
          cards="wide"
          head={
            <>
              {columns.map((label) => (
                <Table.Th key={label}>{label}</Table.Th>
              ))}
              <Table.Th>Latching</Table.Th>
              <Table.Th>Watched</Table.Th>
            </>
          }
        >
          {sorted.map((row) => (
            <LimitRowFields
              key={row.draft.signal}
              row={row}
              zone={patient.timeZone}
              problems={problems.get(row.draft.signal) ?? {}}
              mayChange={mayChange}
              onEdit={(part) => {
                setSaved(false);
                setEdits((old) => withEdit(old, row, part));
              }}
              onTakeTheirs={() => setEdits((old) => withoutEdit(old, row.draft.signal))}
              onInsist={() => setEdits((old) => insist(old, row))}
            />
          ))}
        </Rows>
      </Card>
      <Problem error={save.error} />
      {mayChange && (
        <Group justify="space-between" mt="sm">
          {without.length > 0 ? (
            <Select
              placeholder="Add limits for…"
              aria-label="Add limits for a signal"
              data={without.map((s) => ({ value: s, label: longName(s) }))}
              value={null}
              onChange={(signal) => signal && setEdits((old) => withAdded(old, addedLimits(signal, set)))}
            />
          ) : (
            <span />
          )}
          <Group>
            {isSaved && changed.length === 0 && (
              <span role="status">
                <IconCheck size={17} style={{ verticalAlign: "-3px" }} aria-hidden /> Saved
              </span>
            )}
            {changed.length > 0 && (
              <Button
                variant="default"
                onClick={() => {
                  setEdits(noEdits);
                  save.reset();
                }}
              >
                Undo
              </Button>
            )}
            <Button
              type="submit"
              disabled={changed.length === 0 || isWrong || isOvertaken}
              loading={save.isPending}
              title={isOvertaken ? "First decide about the limits that somebody else has set meanwhile" : undefined}
            >
              {changed.length > 0 ? `Save limits of ${count(changed.length, "signal")}` : "Save limits"}
            </Button>
          </Group>
        </Group>
      )}
    </form>
  );
}
