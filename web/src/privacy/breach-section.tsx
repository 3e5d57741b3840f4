import { Button, Group, Table } from "@mantine/core";
import { useState } from "react";
import { usePeople } from "../administration/use-people.ts";
import type { Answer as Told } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { count, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { AgentField } from "./agent-field.tsx";
import { Answer } from "./answer.tsx";
import { dayOf, endOfDay } from "./days.ts";
import { agentId, agentsOf, kindText } from "./entry-words.ts";
import type { Column } from "./files.ts";
import { SaveAs } from "./save-as.tsx";
import { SpanFields } from "./span-fields.tsx";
import { type SpanAsked, useAffected, useKnownRecords } from "./use-privacy.ts";

type Affected = Told<"breach">[number];

/** Who was affected: whom a person, application or device was shown in a span of days. */
export function BreachSection({ zone }: { readonly zone: string }) {
  const [typed, setTyped] = useState("");
  const [span, setSpan] = useState({ since: "", until: "" });
  const [asked, setAsked] = useState<(SpanAsked & { readonly by: string }) | null>(null);
  const agents = agentsOf(usePeople().data ?? [], []);
  const affected = useAffected(asked);
  const numbers = new Map([...useKnownRecords()].map(([mrn, id]) => [id, mrn]));
  const now = useNow();
  const [by, from, to] = [agentId(typed, agents), dayOf(span.since, zone), endOfDay(span.until, zone)];
  const columns: readonly Column<Affected>[] = [
    ["patient", ({ patientId }) => patientId],
    ["record number", ({ patientId }) => numbers.get(patientId) ?? null],
    ["times", ({ times }) => times],
    ["first", ({ first }) => new Date(first).toISOString()],
    ["last", ({ last }) => new Date(last).toISOString()],
    ["what", ({ entities }) => entities.map(kindText).join("; ")],
  ];
  return (
    <>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (by !== undefined && from !== undefined && to !== undefined) setAsked({ by, from, to });
        }}
      >
        <Group align="end" gap="sm" mb="xs">
          <AgentField agents={agents} value={typed} onChange={setTyped} placeholder="A name, or an id" required />
          <SpanFields value={span} onChange={setSpan} required />
          <Button type="submit" loading={affected.isFetching}>
            Who was affected
          </Button>
        </Group>
      </form>
      <Answer
        label="Who was affected"
        isAsked={asked !== null}
        query={affected}
        isEmpty={(found) => found.length === 0}
        empty="Nobody was shown in these days"
      >
        {(found) => (
          <>
            <Group justify="space-between" p="sm">
              <b>{count(found.length, "patient")}</b>
              <SaveAs name="who-was-affected" asked={asked ? { ...asked } : {}} columns={columns} rows={found} />
            </Group>
            <Rows
              minWidth={720}
              head={
                <>
                  <Table.Th>Patient</Table.Th>
                  <Table.Th>What was shown</Table.Th>
                  <Table.Th>Times</Table.Th>
                  <Table.Th>First</Table.Th>
                  <Table.Th>Last</Table.Th>
                </>
              }
            >
              {found.map(({ patientId, times, first, last, entities }) => (
                <Table.Tr key={patientId}>
                  <Table.Td data-lead>
                    {numbers.has(patientId) && <b>{numbers.get(patientId)} </b>}
                    <code>{patientId}</code>
                  </Table.Td>
                  <Table.Td data-label="What was shown">{entities.map(kindText).join(", ")}</Table.Td>
                  <Table.Td data-label="Times">{times}</Table.Td>
                  <Table.Td data-label="First">{formatWhen(first, now, zone)}</Table.Td>
                  <Table.Td data-label="Last">{formatWhen(last, now, zone)}</Table.Td>
                </Table.Tr>
              ))}
            </Rows>
          </>
        )}
      </Answer>
    </>
  );
}
