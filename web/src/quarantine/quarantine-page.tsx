import { Button, Checkbox, SegmentedControl, Table } from "@mantine/core";
import type { QuarantinedBody } from "@openward/api";
import { IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { problemText } from "../app/api.ts";
import { useMay, useNow, useTitle, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { count, formatDuration, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { EarlierRuns } from "./earlier-runs.tsx";
import { EntryDialog, Reasons } from "./entry-dialog.tsx";
import { Filters } from "./filters.tsx";
import { type QuarantineFilter, queryOf } from "./reasons.ts";
import { RunDialog } from "./run-dialog.tsx";
import { type QuarantineState, useQuarantine } from "./use-quarantine.ts";
import { useCounts, useStartRun } from "./use-runs.ts";

const kindWord: Readonly<Record<QuarantinedBody["kind"], string>> = {
  readings: "Readings",
  waveform: "Waveform",
  event: "Event",
  status: "Status",
  raw: "Raw bytes",
};

export function QuarantinePage() {
  useTitle("Quarantine");
  const [state, setState] = useState<QuarantineState>("open");
  const [filter, setFilter] = useState<QuarantineFilter>({});
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [runId, setRunId] = useState<string | null>(null);
  const [chosen, setChosen] = useState<{ entry: QuarantinedBody; tab: "bytes" | "claim" | "dismiss" } | null>(null);
  const list = useQuarantine(state, filter);
  const counts = useCounts().data ?? [];
  const start = useStartRun();
  const mayRun = useMay("fleet");
  const mayClaim = useMay("clinical");
  const now = useNow();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const rows = list.data?.pages.flat() ?? [];
  const isOpen = state === "open";
  const chosenIds = rows.filter(({ id }) => picked.has(id)).map(({ id }) => id);
  const pick = (ids: readonly string[], isPicked: boolean) =>
    setPicked((before) => {
      const next = new Set(before);
      for (const id of ids)
        if (isPicked) next.add(id);
        else next.delete(id);
      return next;
    });
  const run = () =>
    start.mutate(chosenIds.length > 0 ? { ids: chosenIds } : queryOf(filter, Date.now()), {
      onSuccess: ({ id }) => setRunId(id),
    });
  return (
    <Page
      title="Quarantine"
      actions={
        <>
          {isOpen && mayRun && (
            <Button
              leftSection={<IconRefresh size={18} />}
              onClick={run}
              loading={start.isPending}
              disabled={rows.length === 0}
            >
              {chosenIds.length > 0 ? `Run ${count(chosenIds.length, "message")} again` : "Run all of these again"}
            </Button>
          )}
          <SegmentedControl
            aria-label="State"
            value={state}
            onChange={(value) => setState(value as QuarantineState)}
            data={[
              { value: "open", label: "Open" },
              { value: "claimed", label: "Given to patients" },
              { value: "dismissed", label: "Dismissed" },
            ]}
          />
        </>
      }
    >
      <p style={{ margin: "-0.4rem 0 1rem", color: "var(--ow-ink-soft)", maxWidth: "75ch" }}>
        What devices sent and what could not be placed is kept here, whole, with its reason. Nothing is dropped. Run
        again by today's codecs and associations, you see first what would come of it.
      </p>
      {start.isError && <p role="alert">{problemText(start.error)}</p>}
      {isOpen && (
        <Filters
          counts={counts}
          filter={filter}
          onFilter={(next) => {
            setFilter(next);
            setPicked(new Set());
          }}
        />
      )}
      <Card>
        {list.isPending ? (
          <Loading what="Loading the quarantine" />
        ) : list.isError && rows.length === 0 ? (
          <Failed error={list.error} retry={() => list.refetch()} />
        ) : rows.length === 0 ? (
          <Empty
            title={state === "open" ? "Everything has found its place" : "Nothing here"}
            icon={<IconCircleCheck size={44} stroke={1.3} />}
          />
        ) : (
          <Rows
            minWidth={720}
            head={
              <>
                {isOpen && mayRun && (
                  <Table.Th>
                    <Checkbox
                      aria-label="Pick all that are shown"
                      checked={chosenIds.length === rows.length}
                      indeterminate={chosenIds.length > 0 && chosenIds.length < rows.length}
                      onChange={(e) =>
                        pick(
                          rows.map(({ id }) => id),
                          e.currentTarget.checked,
                        )
                      }
                    />
                  </Table.Th>
                )}
                <Table.Th>Received</Table.Th>
                <Table.Th>Device</Table.Th>
                <Table.Th>Message</Table.Th>
                <Table.Th>Reason</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {rows.map((entry) => (
              <Table.Tr key={entry.id} data-entry={entry.id}>
                {isOpen && mayRun && (
                  <Table.Td data-label="Pick">
                    <Checkbox
                      aria-label={`Pick the message of ${entry.deviceId}, ${formatWhen(entry.receivedAt, now, zone)}`}
                      checked={picked.has(entry.id)}
                      onChange={(e) => pick([entry.id], e.currentTarget.checked)}
                    />
                  </Table.Td>
                )}
                <Table.Td data-label="Received" style={{ whiteSpace: "nowrap" }}>
                  {formatWhen(entry.receivedAt, now, zone)}
                  <br />
                  <small style={{ color: "var(--ow-ink-soft)" }}>{formatDuration(now - entry.receivedAt)} ago</small>
                </Table.Td>
                <Table.Td data-label="Device">
                  <Button
                    variant="transparent"
                    size="compact-sm"
                    p={0}
                    onClick={() => setFilter({ ...filter, device: entry.deviceId })}
                    title="Only this device"
                  >
                    {entry.deviceId}
                  </Button>
                </Table.Td>
                <Table.Td data-label="Message" style={{ whiteSpace: "nowrap" }}>
                  {kindWord[entry.kind]}
                </Table.Td>
                <Table.Td data-lead>
                  <Reasons problems={entry.problems} />
                  {entry.resolvedAt !== null && (
                    <small style={{ color: "var(--ow-ink-soft)" }}>
                      {entry.state === "claimed" ? "Given to a patient" : "Dismissed"}{" "}
                      {formatWhen(entry.resolvedAt, now, zone)}
                      {entry.resolvedBy && ` by ${entry.resolvedBy}`}
                    </small>
                  )}
                </Table.Td>
                <Table.Td data-do style={{ whiteSpace: "nowrap" }} align="right">
                  <Button.Group style={{ justifyContent: "flex-end" }}>
                    <Button size="xs" variant="default" onClick={() => setChosen({ entry, tab: "bytes" })}>
                      Bytes
                    </Button>
                    {entry.state === "open" && (
                      <Button size="xs" variant="default" onClick={() => setChosen({ entry, tab: "dismiss" })}>
                        Dismiss
                      </Button>
                    )}
                    {entry.state === "open" && mayClaim && (
                      <Button size="xs" onClick={() => setChosen({ entry, tab: "claim" })}>
                        Give to a patient
                      </Button>
                    )}
                  </Button.Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )}
        {list.hasNextPage && (
          <Button m="sm" variant="default" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Older
          </Button>
        )}
      </Card>
      {mayRun && <EarlierRuns zone={zone} />}
      {runId !== null && <RunDialog id={runId} onClose={() => setRunId(null)} />}
      {chosen && (
        <EntryDialog key={chosen.entry.id} entry={chosen.entry} tab={chosen.tab} onClose={() => setChosen(null)} />
      )}
    </Page>
  );
}
