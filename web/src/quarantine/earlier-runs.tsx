import { Button, Modal, Stack, Table, TextInput } from "@mantine/core";
import type { QuarantineRunBody } from "@openward/api";
import { useState } from "react";
import { problemText } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { Card } from "../app/pages.tsx";
import { count, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { useRuns, useUndoRun } from "./use-runs.ts";

/** Who ran what again, and why; and what undoes it. */
export function EarlierRuns({ zone }: { readonly zone: string }) {
  const runs = useRuns(true).data ?? [];
  const now = useNow();
  const [undoing, setUndoing] = useState<QuarantineRunBody | null>(null);
  if (runs.length === 0) return null;
  return (
    <section aria-label="Earlier runs">
      <h2 style={{ fontSize: "1.1rem", margin: "1.2rem 0 0.5rem" }}>Earlier runs</h2>
      <Card>
        <Rows
          minWidth={640}
          head={
            <>
              <Table.Th>When</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>Came of it</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td data-label="When" style={{ whiteSpace: "nowrap" }}>
                {formatWhen(run.startedAt, now, zone)}
              </Table.Td>
              <Table.Td data-label="By">{run.startedBy}</Table.Td>
              <Table.Td data-lead>{run.reason}</Table.Td>
              <Table.Td data-label="Came of it">
                {run.endedAt === null
                  ? `did not come to its end; ${count(run.messages, "message")}`
                  : `placed ${run.placed} of ${run.messages}, ${count(run.readings ?? 0, "reading")}`}
                {run.undoneAt !== null && (
                  <small style={{ display: "block" }}>
                    undone {formatWhen(run.undoneAt, now, zone)} by {run.undoneBy}
                  </small>
                )}
              </Table.Td>
              <Table.Td data-do align="right">
                {run.undoneAt === null && (
                  <Button size="xs" variant="default" onClick={() => setUndoing(run)}>
                    Undo
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      </Card>
      {undoing && <UndoDialog run={undoing} onClose={() => setUndoing(null)} />}
    </section>
  );
}

function UndoDialog({ run, onClose }: { readonly run: QuarantineRunBody; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const undo = useUndoRun();
  return (
    <Modal opened onClose={onClose} title="Undo this run">
      {undo.data ? (
        <p role="status">
          {count(undo.data.opened, "message")} open again, {count(undo.data.amended, "reading")} entered in error
          {undo.data.leftAlone > 0 && `, ${undo.data.leftAlone} left as a person amended them`}.
        </p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            undo.mutate({ id: run.id, reason: reason.trim() });
          }}
        >
          <Stack gap="sm">
            <p style={{ margin: 0 }}>
              What it added is entered in error, and its messages are open again. What a person has amended since stays.
            </p>
            <TextInput
              label="Reason"
              value={reason}
              maxLength={480}
              required
              data-autofocus
              onChange={(e) => setReason(e.currentTarget.value)}
            />
            {undo.isError && <p role="alert">{problemText(undo.error)}</p>}
            <Button type="submit" disabled={reason.trim() === ""} loading={undo.isPending}>
              Undo
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
