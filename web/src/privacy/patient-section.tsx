import { Button, Group, Select, Table } from "@mantine/core";
import { useState } from "react";
import { aboutThem } from "../access/who-looked.tsx";
import { usePeople } from "../administration/use-people.ts";
import type { Answer as Told } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { roleWord } from "../app/permissions.ts";
import { count, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { Answer } from "./answer.tsx";
import { dayOf, endOfDay } from "./days.ts";
import type { Column } from "./files.ts";
import { PatientField } from "./patient-field.tsx";
import { SaveAs } from "./save-as.tsx";
import { SpanFields } from "./span-fields.tsx";
import { type DisclosuresAsked, useDisclosures, useHiddenFrom } from "./use-privacy.ts";

type Disclosure = Told<"disclosures">[number];

const disclosureColumns: readonly Column<Disclosure>[] = [
  ["at", ({ at }) => new Date(at).toISOString()],
  ["to", ({ to }) => to],
  ["role", ({ role }) => role],
  ["what", ({ what }) => what],
  ["words", ({ words }) => aboutThem(words)],
  ["purpose", ({ purpose }) => purpose],
  ["through", ({ via }) => via],
  ["address", ({ address }) => address],
];

/** What a patient may be told: what of them went to programs and out of the house. */
export function DisclosuresSection({ zone }: { readonly zone: string }) {
  const [patient, setPatient] = useState({ typed: "", id: "" });
  const [span, setSpan] = useState({ since: "", until: "" });
  const [asked, setAsked] = useState<DisclosuresAsked | null>(null);
  const disclosures = useDisclosures(asked);
  const now = useNow();
  return (
    <>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (patient.id)
            setAsked({ patient: patient.id, from: dayOf(span.since, zone), to: endOfDay(span.until, zone) });
        }}
      >
        <Group align="end" gap="sm" mb="xs">
          <PatientField value={patient.typed} onChange={(typed, id) => setPatient({ typed, id })} required />
          <SpanFields value={span} onChange={setSpan} />
          <Button type="submit" loading={disclosures.isFetching}>
            What went out
          </Button>
        </Group>
      </form>
      <p style={{ marginTop: 0 }}>
        <small>Without days: of six years. What people of the ward looked at is in the audit log.</small>
      </p>
      <Answer
        label="Disclosures"
        isAsked={asked !== null}
        query={disclosures}
        isEmpty={(found) => found.length === 0}
        empty="Nothing of this patient went out"
      >
        {(found) => (
          <>
            <Group justify="space-between" p="sm">
              <b>{count(found.length, "disclosure")}</b>
              <SaveAs name="disclosures" asked={asked ? { ...asked } : {}} columns={disclosureColumns} rows={found} />
            </Group>
            <Rows
              minWidth={620}
              head={
                <>
                  <Table.Th>When</Table.Th>
                  <Table.Th>What</Table.Th>
                  <Table.Th>Through</Table.Th>
                </>
              }
            >
              {found.map((one) => (
                <Table.Tr key={`${one.at} ${one.to} ${one.via} ${one.what}`}>
                  <Table.Td data-label="When">{formatWhen(one.at, now, zone)}</Table.Td>
                  <Table.Td data-lead>{aboutThem(one.words)}</Table.Td>
                  <Table.Td data-label="Through">{one.via}</Table.Td>
                </Table.Tr>
              ))}
            </Rows>
          </>
        )}
      </Answer>
    </>
  );
}

/** Why a person does not see something of a patient: by which statement, since when. */
export function HiddenSection({ zone }: { readonly zone: string }) {
  const [patient, setPatient] = useState({ typed: "", id: "" });
  const [person, setPerson] = useState<string | null>(null);
  const [asked, setAsked] = useState<{ readonly patient: string; readonly person: string } | null>(null);
  const people = usePeople().data ?? [];
  const hidden = useHiddenFrom(asked);
  const now = useNow();
  return (
    <>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (patient.id && person) setAsked({ patient: patient.id, person });
        }}
      >
        <Group align="end" gap="sm" mb="xs">
          <PatientField value={patient.typed} onChange={(typed, id) => setPatient({ typed, id })} required />
          <Select
            label="Person"
            data={people.map(({ id, display, role }) => ({
              value: id,
              label: `${display}, ${roleWord[role].toLowerCase()}`,
            }))}
            value={person}
            onChange={setPerson}
            searchable
            required
            w={260}
          />
          <Button type="submit" loading={hidden.isFetching} disabled={person === null}>
            What is hidden, and why
          </Button>
        </Group>
      </form>
      <Answer
        label="What is hidden"
        isAsked={asked !== null}
        query={hidden}
        isEmpty={({ isSeen, hidden: kinds }) => isSeen && kinds.length === 0}
        empty="Nothing of this patient is hidden from this person"
      >
        {({ isSeen, hidden: kinds }) =>
          isSeen ? (
            <Rows
              minWidth={520}
              head={
                <>
                  <Table.Th>Kind of data</Table.Th>
                  <Table.Th>Why</Table.Th>
                  <Table.Th>Since</Table.Th>
                </>
              }
            >
              {kinds.map((kind) => (
                <Table.Tr key={`${kind.category} ${kind.consentId}`}>
                  <Table.Td data-label="Kind of data">
                    <b>{kind.display}</b>
                  </Table.Td>
                  <Table.Td data-lead>{kind.words}</Table.Td>
                  <Table.Td data-label="Since">
                    {kind.since === null ? "–" : formatWhen(kind.since, now, zone)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Rows>
          ) : (
            <p style={{ margin: 0, padding: "0.9rem 1rem" }}>
              This person has no permission to see this patient: everything is hidden.
            </p>
          )
        }
      </Answer>
    </>
  );
}
