import { Button, Group, Modal, Select, Stack, Table, TextInput } from "@mantine/core";
import type { PatientBody, PersonBody, RelationBody } from "@openward/api";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { PatientPicker } from "../patients/patient-picker.tsx";
import { relationWord, standingText } from "../patients/relation-words.ts";
import { useEndRelation, useRelate, useRelations } from "../patients/use-relations.ts";

/** Who a person is to a patient: chosen by both identifiers, with what it rests on. */
export function RelateDialog({ person, onClose }: { readonly person: PersonBody; readonly onClose: () => void }) {
  const [patient, setPatient] = useState<PatientBody | null>(null);
  const kinds = person.role === "patient" ? (["self"] as const) : (["family", "guardian"] as const);
  const [relation, setRelation] = useState<RelationBody["relation"]>(kinds[0]);
  const [reason, setReason] = useState("");
  const relate = useRelate();
  return (
    <Modal opened onClose={onClose} title={`Relate ${person.display} to a patient`} size="lg">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!patient) return;
          const body = { personId: person.id, relation, reason: reason.trim() };
          relate.mutate({ patientId: patient.id, body }, { onSuccess: () => setReason("") });
        }}
      >
        <Stack gap="sm">
          <PatientPicker value={patient} onChange={setPatient} all />
          {patient && <Running patient={patient} />}
          <Select
            label="Is"
            data={kinds.map((value) => ({ value, label: relationWord[value] }))}
            value={relation}
            onChange={(value) => value && setRelation(value as RelationBody["relation"])}
            allowDeselect={false}
          />
          <TextInput
            label="On what it rests"
            placeholder="identity card seen, parent of a minor, court order"
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            maxLength={200}
            required
          />
          <Problem error={relate.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button type="submit" loading={relate.isPending} disabled={!patient || !reason.trim()}>
              Relate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Everybody who stands beside this patient, so that nobody is added twice. */
function Running({ patient }: { readonly patient: PatientBody }) {
  const relations = useRelations(patient.id);
  const end = useEndRelation(patient.id);
  const now = useNow();
  const running = (relations.data?.relations ?? []).filter((one) => one.because !== "ended");
  if (running.length === 0) return null;
  return (
    <>
      <Table aria-label={`Related to ${patient.name}`}>
        <Table.Tbody>
          {running.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td>
                <b>{one.person}</b>, {relationWord[one.relation].toLowerCase()}
                <br />
                <small>
                  {one.reason}; since {formatWhen(one.from, now, patient.timeZone)}; {standingText(one)}
                </small>
              </Table.Td>
              <Table.Td align="right">
                <Button size="xs" variant="default" onClick={() => end.mutate(one.id)} aria-label={`End ${one.person}`}>
                  End
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Problem error={end.error} />
    </>
  );
}
