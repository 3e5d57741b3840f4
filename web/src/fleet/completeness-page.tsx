import { SegmentedControl, TextInput } from "@mantine/core";
import { IconCalendarStats, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useNow, useTitle, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { SaveAs } from "../privacy/save-as.tsx";
import { DayDialog } from "./day-dialog.tsx";
import classes from "./fleet.module.css";
import { FleetTabs } from "./fleet-tabs.tsx";
import { HeatMap, rowId, rowName } from "./heat-map.tsx";
import { Pages } from "./page-buttons.tsx";
import { useCompleteness } from "./use-fleet.ts";
import { causeWord, daysUntil, percentOf } from "./words.ts";

export function CompletenessPage() {
  useTitle("Completeness");
  const [by, setBy] = useState<"patient" | "device">("patient");
  const [days, setDays] = useState(30);
  const [page, setPage] = useState(0);
  const [q, setQ] = useState("");
  const [chosen, setChosen] = useState<{ id: string; name: string; day: string } | null>(null);
  const now = useNow();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(now);
  const found = useCompleteness({ by, days, page, ...(q.trim() ? { q: q.trim() } : {}) });
  const rows = found.data?.rows ?? [];
  return (
    <Page
      title="Completeness"
      actions={
        <>
          <TextInput
            aria-label={by === "patient" ? "Search patients" : "Search devices"}
            placeholder={by === "patient" ? "Record number or bed" : "Id or name"}
            leftSection={<IconSearch size={17} />}
            value={q}
            onChange={(e) => {
              setQ(e.currentTarget.value);
              setPage(0);
            }}
          />
          <SegmentedControl
            aria-label="Rows"
            value={by}
            onChange={(value) => {
              setBy(value as "patient" | "device");
              setPage(0);
            }}
            data={[
              { value: "patient", label: "Patients" },
              { value: "device", label: "Devices" },
            ]}
          />
          <SegmentedControl
            aria-label="Days"
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            data={[
              { value: "7", label: "7 days" },
              { value: "30", label: "30 days" },
              { value: "90", label: "90 days" },
            ]}
          />
        </>
      }
    >
      <FleetTabs />
      <Card>
        {found.isPending ? (
          <Loading what="Counting what came" />
        ) : found.isError && !found.data ? (
          <Failed error={found.error} retry={() => found.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="Nobody here" icon={<IconCalendarStats size={44} stroke={1.3} />} />
        ) : (
          <>
            <HeatMap
              rows={rows}
              days={daysUntil(today, days)}
              label={`Completeness of each ${by} and day`}
              onChoose={(row, day) => setChosen({ id: rowId(row), name: rowName(row), day })}
            />
            <p className={classes.legend}>
              <span>
                Percent of the expected readings; ✓ all; – nothing was expected; the stronger the colour, the more is
                missing.
              </span>
              {Object.values(causeWord).map(({ word, letter }) => (
                <span key={word}>
                  <b>{letter}</b> {word}
                </span>
              ))}
            </p>
            <Pages page={page} found={found.data?.found ?? 0} size={found.data?.pageSize ?? 25} onPage={setPage}>
              <SaveAs
                name={`completeness-by-${by}-${today}`}
                asked={{ by, days, page, q }}
                rows={rows.flatMap((row) => row.days.map((day) => ({ row, day })))}
                columns={[
                  [by, ({ row }) => row.patient?.mrn ?? row.device?.id ?? ""],
                  ["day", ({ day }) => day.day],
                  ["expected", ({ day }) => day.expected],
                  ["received", ({ day }) => day.received],
                  ["percent", ({ day }) => percentOf(day)],
                  ...CAUSES.map(
                    (cause) =>
                      [`missing: ${causeWord[cause].word}`, ({ day }: Saved) => day.missing[cause] ?? 0] as const,
                  ),
                ]}
              />
            </Pages>
          </>
        )}
      </Card>
      {chosen && (
        <DayDialog
          of={by === "patient" ? { patientId: chosen.id } : { deviceId: chosen.id }}
          title={chosen.name}
          day={chosen.day}
          onClose={() => setChosen(null)}
        />
      )}
    </Page>
  );
}

type Row = NonNullable<ReturnType<typeof useCompleteness>["data"]>["rows"][number];
interface Saved {
  readonly row: Row;
  readonly day: Row["days"][number];
}
const CAUSES = Object.keys(causeWord) as (keyof typeof causeWord)[];
