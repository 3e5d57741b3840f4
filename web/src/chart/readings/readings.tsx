import { Badge, Button, Group, Select, Table } from "@mantine/core";
import type { AmendmentBody, PatientBody } from "@openward/api";
import { IconListNumbers } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useNow } from "../../app/hooks.ts";
import { monitor } from "../../app/monitor.ts";
import { Card, Empty, Failed, Loading } from "../../app/pages.tsx";
import { formatDay, formatInUnit, formatTimeWithSeconds, unitText } from "../../parts/format.ts";
import { Rows } from "../../parts/rows.tsx";
import { longName } from "../../parts/signal-display.ts";
import classes from "../chart.module.css";
import { useAmendments, useReadings, useStreams } from "../use-chart.ts";
import { AmendmentList } from "./amendment-list.tsx";
import { newestSeen, touches } from "./amendment-text.ts";
import { ReadingDialog, type ReadingRow } from "./reading-dialog.tsx";
import { rowsOf, withTaken } from "./rows.ts";
import { ReattributeDialog, SpanErrorDialog } from "./span-dialog.tsx";

const CORRECTED = 16;

/** Reading by reading, as the device sent them and as people amended them. */
export default function Readings({ patient }: { readonly patient: PatientBody }) {
  const streams = useStreams(patient.id);
  const amendments = useAmendments(patient.id);
  const [chosen, setChosen] = useState<string | null>(null);
  const [before, setBefore] = useState(() => Math.ceil(monitor.now() + 60_000));
  const [amending, setAmending] = useState<{ reading: ReadingRow; kind: "corrected" | "entered-in-error" } | null>(
    null,
  );
  const [dialog, setDialog] = useState<"span" | "re-attribute" | null>(null);
  const mayAmend = useMay("clinical");
  const now = useNow();
  const all = streams.data ?? [];
  const numeric = all.filter((s) => s.kind === "numeric");
  const stream = numeric.find((s) => s.id === chosen) ?? numeric[0];
  const readings = useReadings(stream?.id ?? null, before);
  const rows = stream && readings.data ? rowsOf(readings.data, stream.id) : [];
  const said = amendments.data ?? [];
  const zone = patient.timeZone;
  const saidOf = (row: ReadingRow) =>
    said.find((each) => each.isReading && each.streamId === row.streamId && touches(each, row.at, row.at + 1));
  if (streams.isPending) return <Loading what="Loading streams" />;
  if (streams.isError && !streams.data) return <Failed error={streams.error} retry={() => streams.refetch()} />;
  if (!stream) return <Empty title="Nothing is measured yet" icon={<IconListNumbers size={44} stroke={1.3} />} />;
  const oldest = rows.at(-1);
  return (
    <>
      <div className={classes.toolbar}>
        <Select
          aria-label="Signal"
          data={numeric.map((s) => ({ value: s.id, label: `${longName(s.signal)}, ${s.deviceDisplay}` }))}
          value={stream.id}
          onChange={setChosen}
          allowDeselect={false}
          searchable
          w={320}
        />
        <Button variant="default" onClick={() => setBefore(Math.ceil(monitor.now() + 60_000))}>
          Newest
        </Button>
        <Button variant="default" disabled={!oldest} onClick={() => oldest && setBefore(oldest.at)}>
          Older
        </Button>
        {mayAmend && (
          <Group gap="xs" ml="auto">
            <Button variant="default" onClick={() => setDialog("span")}>
              Span entered in error
            </Button>
            <Button variant="default" onClick={() => setDialog("re-attribute")}>
              This was not this patient
            </Button>
          </Group>
        )}
      </div>
      <Card>
        {readings.isPending ? (
          <Loading what="Loading readings" />
        ) : readings.isError && !readings.data ? (
          <Failed error={readings.error} retry={() => readings.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="No readings in the month before" />
        ) : (
          <Rows
            minWidth={600}
            head={
              <>
                <Table.Th>Time</Table.Th>
                <Table.Th>Value</Table.Th>
                <Table.Th>Remark</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {withTaken(rows, said, stream.id, before).map(({ reading: row, taken, at }) => {
              if (!row) return taken && <Taken key={`taken ${at}`} amendment={taken} zone={zone} />;
              const time = formatTimeWithSeconds(row.at, zone);
              const value = `${formatInUnit(row.value, row.signal, row.unit)} ${unitText(row.unit)}`.trim();
              const amendment = saidOf(row);
              return (
                <Table.Tr key={`${row.at} ${row.ordinal}`}>
                  <Table.Td data-label="Time" style={{ whiteSpace: "nowrap" }}>
                    {formatDay(row.at, zone) !== formatDay(now, zone) && `${formatDay(row.at, zone)}, `}
                    {time}
                  </Table.Td>
                  <Table.Td data-label="Value">
                    <b>{value}</b>
                  </Table.Td>
                  <Table.Td data-label="Remark">
                    {(row.quality & CORRECTED) !== 0 && (
                      <>
                        <Badge variant="outline" color="gray">
                          corrected
                        </Badge>{" "}
                        {amendment && (
                          <small>
                            {amendment.received !== null &&
                              `was ${formatInUnit(amendment.received, row.signal, row.unit)}, `}
                            {amendment.by}: “{amendment.reason}”
                          </small>
                        )}
                      </>
                    )}
                  </Table.Td>
                  <Table.Td data-do align="right" style={{ whiteSpace: "nowrap" }}>
                    {mayAmend && (
                      <>
                        <Button
                          size="xs"
                          variant="default"
                          aria-label={`Correct ${value} at ${time}`}
                          onClick={() => setAmending({ reading: row, kind: "corrected" })}
                        >
                          Correct
                        </Button>{" "}
                        <Button
                          size="xs"
                          variant="default"
                          aria-label={`${value} at ${time} was entered in error`}
                          onClick={() => setAmending({ reading: row, kind: "entered-in-error" })}
                        >
                          Error
                        </Button>
                      </>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Rows>
        )}
      </Card>
      <h2 style={{ margin: "1.2rem 0 0.5rem", fontSize: "1.1rem" }}>Amendments</h2>
      <AmendmentList patient={patient} />
      {amending && (
        <ReadingDialog
          patient={patient}
          reading={amending.reading}
          kind={amending.kind}
          seen={newestSeen(said, amending.reading, amending.reading.at, amending.reading.at + 1)}
          onClose={() => setAmending(null)}
        />
      )}
      {dialog === "span" && (
        <SpanErrorDialog patient={patient} streams={all} amendments={said} onClose={() => setDialog(null)} />
      )}
      {dialog === "re-attribute" && (
        <ReattributeDialog patient={patient} streams={all} amendments={said} onClose={() => setDialog(null)} />
      )}
    </>
  );
}

/** A reading that was entered in error: what came is struck through, and who said so and why stands beside it. */
function Taken({ amendment, zone }: { readonly amendment: AmendmentBody; readonly zone: string }) {
  const { from, received, signal, unit, by, reason } = amendment;
  return (
    <Table.Tr>
      <Table.Td data-label="Time" style={{ whiteSpace: "nowrap" }}>
        {formatTimeWithSeconds(from, zone)}
      </Table.Td>
      <Table.Td data-label="Value">
        {received === null ? "–" : <s>{`${formatInUnit(received, signal ?? "", unit)} ${unitText(unit)}`.trim()}</s>}
      </Table.Td>
      <Table.Td data-label="Remark">
        <Badge variant="outline" color="gray">
          entered in error
        </Badge>{" "}
        <small>
          {by}: “{reason}”
        </small>
      </Table.Td>
      <Table.Td />
    </Table.Tr>
  );
}
