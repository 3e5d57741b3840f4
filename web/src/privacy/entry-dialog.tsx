import { Button, Group, Modal, Stack, Table } from "@mantine/core";
import type { ReactNode } from "react";
import { formatDay, formatTimeWithSeconds } from "../parts/format.ts";
import { type AuditEntry, entryText, kindText, type NameOf, reasonText, throughText, whoText } from "./entry-words.ts";

/** One record of the log, whole: internal ids and kinds of things, never a value. */
export function EntryDialog(props: {
  readonly entry: AuditEntry;
  readonly zone: string;
  readonly nameOf: NameOf;
  readonly onPatient: (id: string) => void;
  readonly onClose: () => void;
}) {
  const { entry, zone, nameOf, onPatient, onClose } = props;
  const { who, onBehalfOf, through, patients } = entry;
  const lines: readonly (readonly [string, ReactNode])[] = [
    ["When", `${formatDay(entry.at, zone)}, ${formatTimeWithSeconds(entry.at, zone)} (${zone})`],
    ["Who", <Who key="who" text={whoText(who, nameOf)} id={who.id} />],
    ["For", onBehalfOf && <Who key="for" text={whoText(onBehalfOf, nameOf)} id={onBehalfOf.id} />],
    ["At the screen", through && <Who key="screen" text={through.display} id={through.id} />],
    ["Why", reasonText(entry)],
    ["Through", `${throughText(entry, nameOf)} (${entry.via})`],
    ["Kind", `${kindText(entry.entity)} (${entry.entity})`],
    ["Which", entry.entityId],
    ["Name in the log", entry.code],
    ["Address", entry.address],
    ["Record", entry.id],
  ];
  return (
    <Modal opened onClose={onClose} title={entryText(entry, nameOf)} size="lg">
      <Stack gap="sm">
        <Table aria-label="The record">
          <Table.Tbody>
            {lines
              .filter(([, value]) => value)
              .map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th w="8.5rem">{label}</Table.Th>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
                </Table.Tr>
              ))}
            {patients.length > 0 && (
              <Table.Tr>
                <Table.Th>{patients.length === 1 ? "Patient" : `${patients.length} patients`}</Table.Th>
                <Table.Td style={{ overflowWrap: "anywhere" }}>
                  {patients.map((id) => (
                    <Group key={id} justify="space-between" gap="xs">
                      <code>{id}</code>
                      <Button size="compact-xs" variant="subtle" onClick={() => onPatient(id)}>
                        All of this patient
                      </Button>
                    </Group>
                  ))}
                </Table.Td>
              </Table.Tr>
            )}
          </Table.Tbody>
        </Table>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const Who = ({ text, id }: { readonly text: string; readonly id: string | null }) => (
  <>
    {text}
    {id !== null && id !== text && (
      <>
        <br />
        <small>{id}</small>
      </>
    )}
  </>
);
