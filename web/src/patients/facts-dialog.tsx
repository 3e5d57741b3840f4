import { Alert, Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import type { FactBody, PatientBody } from "@openward/api";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { formatBirthDate, formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { factWord, relationWord, standingText } from "./relation-words.ts";
import { useEndFact, useRelations, useStateFact } from "./use-relations.ts";

const FACTS = Object.keys(factWord) as FactBody["fact"][];

/** Death and incapacity, and who is related: what is recorded here changes what they may do at once. */
export function FactsDialog({ patient, onClose }: { readonly patient: PatientBody; readonly onClose: () => void }) {
  const relations = useRelations(patient.id);
  return (
    <Modal opened onClose={onClose} title="Death, incapacity and relations" size="lg">
      <Stack gap="sm">
        <div>
          <b>{patient.name}</b>, {formatBirthDate(patient.birthDate)}, {patient.mrn}
        </div>
        {relations.isPending ? (
          <Loading what="Loading relations" />
        ) : relations.isError ? (
          <Failed error={relations.error} retry={() => relations.refetch()} />
        ) : (
          <>
            <Facts patient={patient} facts={relations.data.facts.filter(({ to }) => to === null)} />
            <div>
              {relations.data.relations.length === 0 && "Nobody is related. An administrator relates people."}
              {relations.data.relations.map((one) => (
                <p key={one.id} style={{ margin: "0.2rem 0" }}>
                  <b>{one.person}</b>, {relationWord[one.relation].toLowerCase()}: {standingText(one)}
                </p>
              ))}
            </div>
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Facts({ patient, facts }: { readonly patient: PatientBody; readonly facts: readonly FactBody[] }) {
  const open = FACTS.filter((fact) => !facts.some((one) => one.fact === fact));
  const [fact, setFact] = useState<FactBody["fact"] | null>(null);
  const [reason, setReason] = useState("");
  const state = useStateFact(patient.id);
  const end = useEndFact(patient.id);
  const now = useNow();
  return (
    <>
      {facts.map((one) => (
        <Alert key={one.id} variant="light" color="gray" title={factWord[one.fact]}>
          <Group justify="space-between">
            <span>
              Since {formatWhen(one.from, now, patient.timeZone)}: {one.reason}
            </span>
            <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(one.id)}>
              {one.fact === "deceased" ? "Recorded in error" : "Not so any more"}
            </Button>
          </Group>
        </Alert>
      ))}
      <Problem error={end.error} />
      {open.length > 0 && (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (!fact || !reason.trim()) return;
            const done = () => {
              setFact(null);
              setReason("");
            };
            state.mutate({ fact, reason: reason.trim() }, { onSuccess: done });
          }}
        >
          <Stack gap="xs">
            <Select
              label="Record"
              placeholder="Nothing"
              description="A death ends what the patient, family and guardians see; who cannot decide still sees."
              data={open.map((value) => ({ value, label: factWord[value] }))}
              value={fact}
              onChange={(value) => setFact(value as FactBody["fact"] | null)}
              clearable
            />
            {fact && (
              <>
                <TextInput
                  label="On what it rests"
                  value={reason}
                  onChange={(e) => setReason(e.currentTarget.value)}
                  maxLength={200}
                  required
                />
                <Problem error={state.error} />
                <Group justify="flex-end">
                  <Button type="submit" color="red" loading={state.isPending} disabled={!reason.trim()}>
                    Record: {factWord[fact].toLowerCase()}
                  </Button>
                </Group>
              </>
            )}
          </Stack>
        </form>
      )}
    </>
  );
}
