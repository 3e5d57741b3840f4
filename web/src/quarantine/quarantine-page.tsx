import { Button, CloseButton, SegmentedControl, Table } from "@mantine/core";
import type { QuarantinedBody } from "@openward/api";
import { IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useNow, useTitle, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { formatDuration, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { EntryDialog, Reasons } from "./entry-dialog.tsx";
import { type QuarantineState, useQuarantine } from "./use-quarantine.ts";

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
  const [device, setDevice] = useState<string>();
  const [chosen, setChosen] = useState<{ entry: QuarantinedBody; tab: "bytes" | "claim" | "dismiss" } | null>(null);
  const list = useQuarantine(state, device);
  const mayClaim = useMay("clinical");
  const now = useNow();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const rows = list.data?.pages.flat() ?? [];
  return (
    <Page
      title="Quarantine"
      actions={
        <>
          {device && (
            <Button
              variant="default"
              size="sm"
              rightSection={<CloseButton component="span" size="xs" aria-hidden />}
              onClick={() => setDevice(undefined)}
            >
              Only {device}
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
        What devices sent and what could not be placed is kept here, whole, with its reason. Nothing is dropped.
      </p>
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
                    onClick={() => setDevice(entry.deviceId)}
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
      {chosen && (
        <EntryDialog key={chosen.entry.id} entry={chosen.entry} tab={chosen.tab} onClose={() => setChosen(null)} />
      )}
    </Page>
  );
}
