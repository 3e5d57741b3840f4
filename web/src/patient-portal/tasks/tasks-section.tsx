import { Button, Table } from "@mantine/core";
import type { TaskBody } from "@openward/api";
import { findSignal } from "@openward/signals";
import { useState } from "react";
import { Section } from "../../administration/section.tsx";
import { useNow } from "../../app/hooks.ts";
import { Failed, Loading } from "../../app/pages.tsx";
import { formatWhen } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { Rows } from "../../parts/rows.tsx";
import { TaskDialog } from "./task-dialog.tsx";
import { useEndTask, useTasks } from "./use-tasks.ts";

/** What is to be measured when, and what of it was done. */
export function TasksSection(props: {
  readonly patientId: string;
  readonly title: string;
  readonly isWard: boolean;
  readonly mayChange: boolean;
}) {
  const { patientId, title, isWard, mayChange } = props;
  const tasks = useTasks(patientId, isWard);
  const end = useEndTask(patientId, isWard);
  const now = useNow();
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title={title}
      action={
        mayChange && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            Have it measured
          </Button>
        )
      }
    >
      <Problem error={end.error} />
      {tasks.isPending ? (
        <Loading what="Loading what is to be measured" />
      ) : tasks.isError ? (
        <Failed error={tasks.error} retry={() => tasks.refetch()} />
      ) : tasks.data.tasks.length === 0 ? (
        <p style={{ margin: "0.8rem 0.6rem" }}>Nothing is to be measured at a time.</p>
      ) : (
        <Rows
          minWidth={420}
          head={
            <>
              <Table.Th>What</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Last</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {tasks.data.tasks.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td data-lead>
                <b>{nameOf(one.signal)}</b>
                <br />
                <small>{one.note}</small>
              </Table.Td>
              <Table.Td data-label="When">
                {one.times.join(", ")}
                <br />
                <small>{one.toDay === null ? "every day" : `until ${one.toDay}`}</small>
              </Table.Td>
              <Table.Td data-label="Last">{lastWords(one, (at) => formatWhen(at, now, tasks.data.timeZone))}</Table.Td>
              <Table.Td data-do align="right">
                {mayChange && (
                  <Button
                    size="xs"
                    variant="default"
                    loading={end.isPending}
                    aria-label={`End ${nameOf(one.signal)}`}
                    onClick={() => end.mutate(one.id)}
                  >
                    End
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {isAdding && <TaskDialog patientId={patientId} isWard={isWard} onClose={() => setAdding(false)} />}
    </Section>
  );
}

const nameOf = (signal: string): string => findSignal(signal)?.display ?? signal;

function lastWords({ due }: TaskBody, when: (at: number) => string): string {
  const last = due.findLast(({ doneAt, isMissed }) => doneAt !== null || isMissed);
  if (!last) return "not due yet";
  return last.doneAt === null ? `missed ${when(last.at)}` : `done ${when(last.doneAt)}`;
}
