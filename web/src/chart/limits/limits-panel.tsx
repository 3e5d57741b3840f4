import { Alert, Button, Group, NumberInput, Select, Stack, Switch, Table } from "@mantine/core";
import type { LimitsBody, PatientBody } from "@openward/api";
import { findSignal } from "@openward/signals";
import { IconAdjustmentsAlt, IconCheck } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useMay, useNow } from "../../app/hooks.ts";
import { Card, Failed, Loading } from "../../app/pages.tsx";
import { count, formatWhen, unitText } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { longName, ownUnit } from "../../parts/signal-display.ts";
import { ageGroups } from "../../patients/patient-fields.tsx";
import { useChooseProfile, useLimits, useSetLimits, useStreams } from "../use-chart.ts";
import {
  changedLimits,
  checkLimits,
  draftOf,
  emptyLimits,
  type LimitField,
  type LimitsDraft,
  toNewLimits,
} from "./check-limits.ts";

/** The alarm limits of this patient. Where the age is not known, a person chooses first. */
export function LimitsPanel({ patient }: { readonly patient: PatientBody }) {
  const limits = useLimits(patient.id);
  const mayChange = useMay("clinical");
  if (limits.isPending) return <Loading what="Loading limits" />;
  if (limits.isError) return <Failed error={limits.error} retry={() => limits.refetch()} />;
  const { profile } = limits.data;
  return (
    <Stack gap="md">
      {profile === null ? (
        <Alert icon={<IconAdjustmentsAlt size={22} />} variant="outline" color="gray" title="No limits are watched">
          The age of this patient is not known, and an adult's limits are never taken for a child. Choose whose limits
          to begin with:
          {mayChange && <ChooseProfile patient={patient} profile={null} />}
        </Alert>
      ) : (
        <Group justify="space-between">
          <span>
            Default limits of: <b>{ageGroups.find((g) => g.value === profile)?.label}</b>
          </span>
          {mayChange && <ChooseProfile patient={patient} profile={profile} />}
        </Group>
      )}
      {(profile !== null || limits.data.limits.length > 0) && (
        <Editor key={`${patient.id} ${profile}`} patient={patient} set={limits.data.limits} mayChange={mayChange} />
      )}
    </Stack>
  );
}

function ChooseProfile({ patient, profile }: { readonly patient: PatientBody; readonly profile: string | null }) {
  const choose = useChooseProfile(patient.id);
  return (
    <>
      <Group gap="xs" mt={profile === null ? "sm" : 0}>
        {ageGroups
          .filter((g) => g.value !== profile)
          .map((g) => (
            <Button
              key={g.value}
              size={profile === null ? "md" : "xs"}
              variant={profile === null ? "filled" : "default"}
              loading={choose.isPending && choose.variables?.ageGroup === g.value}
              onClick={() => choose.mutate({ ageGroup: g.value as "adult" | "pediatric" | "neonate" })}
            >
              {profile === null ? g.label : `Use limits of: ${g.label}`}
            </Button>
          ))}
      </Group>
      <Problem error={choose.error} />
    </>
  );
}

const fields: readonly { readonly field: LimitField; readonly label: string }[] = [
  { field: "criticalLow", label: "Critical low" },
  { field: "low", label: "Low" },
  { field: "high", label: "High" },
  { field: "criticalHigh", label: "Critical high" },
];

function Editor({
  patient,
  set,
  mayChange,
}: {
  readonly patient: PatientBody;
  readonly set: readonly LimitsBody[];
  readonly mayChange: boolean;
}) {
  const [drafts, setDrafts] = useState<readonly LimitsDraft[]>(() => set.map(draftOf));
  const [isSaved, setSaved] = useState(false);
  const save = useSetLimits(patient.id);
  const streams = useStreams(patient.id);
  const now = useNow();
  useEffect(() => {
    // Rows that somebody else has set meanwhile appear; what is being typed here stays.
    setDrafts((old) => {
      const mine = new Map(old.map((d) => [d.signal, d]));
      const added = set.filter((l) => !mine.has(l.signal)).map(draftOf);
      return added.length > 0 ? [...old, ...added] : old;
    });
  }, [set]);
  const changed = changedLimits(drafts, set);
  const problems = new Map(
    drafts.map((d) => [
      d.signal,
      checkLimits(d, { min: findSignal(d.signal)?.hardMin, max: findSignal(d.signal)?.hardMax }),
    ]),
  );
  const isWrong = changed.some((d) => Object.keys(problems.get(d.signal) ?? {}).length > 0);
  const without = [...new Set((streams.data ?? []).filter((s) => s.kind === "numeric").map((s) => s.signal))].filter(
    (s) => !drafts.some((d) => d.signal === s),
  );
  const measured = new Set((streams.data ?? []).map((s) => s.signal));
  const rows = [...drafts].sort((a, b) => Number(measured.has(b.signal)) - Number(measured.has(a.signal)));
  const edit = (signal: string, part: Partial<LimitsDraft>) => {
    setSaved(false);
    setDrafts((old) => old.map((d) => (d.signal === signal ? { ...d, ...part } : d)));
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (changed.length === 0 || isWrong) return;
        save.mutate({ limits: changed.map(toNewLimits) }, { onSuccess: () => setSaved(true) });
      }}
    >
      <Card>
        <Table.ScrollContainer minWidth={900}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Signal</Table.Th>
                {fields.map((f) => (
                  <Table.Th key={f.field}>{f.label}</Table.Th>
                ))}
                <Table.Th>Priority</Table.Th>
                <Table.Th>Delay, s</Table.Th>
                <Table.Th>Watched</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((d) => {
                const origin = set.find((l) => l.signal === d.signal);
                const name = longName(d.signal);
                return (
                  <Table.Tr key={d.signal} data-signal={d.signal} style={d.enabled ? undefined : { opacity: 0.65 }}>
                    <Table.Td>
                      <b>{name}</b> <span style={{ color: "var(--ow-ink-soft)" }}>{unitText(ownUnit(d.signal))}</span>
                      {origin && (
                        <small style={{ display: "block", color: "var(--ow-ink-soft)" }}>
                          {origin.setBy}, {formatWhen(origin.setAt, now, patient.timeZone)}
                        </small>
                      )}
                    </Table.Td>
                    {fields.map(({ field, label }) => (
                      <Table.Td key={field}>
                        <NumberInput
                          size="sm"
                          w={92}
                          hideControls
                          aria-label={`${name}, ${label.toLowerCase()}`}
                          placeholder="none"
                          value={d[field]}
                          onChange={(value) =>
                            edit(d.signal, {
                              [field]: typeof value === "number" ? value : value === "" ? "" : Number(value),
                            })
                          }
                          error={problems.get(d.signal)?.[field]}
                          disabled={!mayChange || !d.enabled}
                        />
                      </Table.Td>
                    ))}
                    <Table.Td>
                      <Select
                        size="sm"
                        w={132}
                        aria-label={`${name}, priority`}
                        data={[
                          { value: "high", label: "!!! High" },
                          { value: "medium", label: "!! Medium" },
                          { value: "low", label: "! Low" },
                        ]}
                        value={d.priority}
                        onChange={(value) =>
                          edit(d.signal, { priority: (value ?? "medium") as LimitsDraft["priority"] })
                        }
                        allowDeselect={false}
                        disabled={!mayChange || !d.enabled}
                      />
                    </Table.Td>
                    <Table.Td>
                      <NumberInput
                        size="sm"
                        w={74}
                        hideControls
                        min={0}
                        max={600}
                        aria-label={`${name}, delay in seconds`}
                        value={d.delayS}
                        onChange={(value) => edit(d.signal, { delayS: typeof value === "number" ? value : "" })}
                        error={problems.get(d.signal)?.delayS}
                        disabled={!mayChange || !d.enabled}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Switch
                        aria-label={`${name} is watched`}
                        checked={d.enabled}
                        onChange={(e) => edit(d.signal, { enabled: e.currentTarget.checked })}
                        disabled={!mayChange}
                      />
                      {!d.enabled && <b style={{ fontSize: "0.8rem" }}>ALARM OFF</b>}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
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
              onChange={(signal) => signal && setDrafts((old) => [...old, emptyLimits(signal)])}
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
              <Button variant="default" onClick={() => setDrafts(set.map(draftOf))}>
                Undo
              </Button>
            )}
            <Button type="submit" disabled={changed.length === 0 || isWrong} loading={save.isPending}>
              {changed.length > 0 ? `Save limits of ${count(changed.length, "signal")}` : "Save limits"}
            </Button>
          </Group>
        </Group>
      )}
    </form>
  );
}
