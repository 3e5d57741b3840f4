import { Alert, Button, Group, Modal, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import type { NewGrantBody, PatientBody, PersonBody } from "@openward/api";
import { useState } from "react";
import { usePeople } from "../administration/use-people.ts";
import { useNow, useWards } from "../app/hooks.ts";
import { type Role, roleWord } from "../app/permissions.ts";
import { Problem } from "../parts/problem.tsx";
import { fromZonedInput, toZonedInput } from "../parts/zoned-time.ts";
import { PatientPicker } from "../patients/patient-picker.tsx";
import { basesOf, GIVEN_PURPOSES, type GivenPurpose, isOffered } from "./give.ts";
import { useAddGrant } from "./use-grants.ts";
import { basisWord, purposeWord } from "./words.ts";

type Reach = "patient" | "ward" | "organisation";

export interface GrantDialogProps {
  readonly onClose: () => void;
  readonly zone: string;
  /** What is known already is not asked for. */
  readonly patient?: PatientBody;
  readonly person?: PersonBody;
  readonly wardId?: string;
  readonly purpose?: GivenPurpose;
}

/** Let somebody see a patient, whoever lies on a ward, or everybody: for what, because of what, until when. */
export function GrantDialog({ onClose, zone, ...known }: GrantDialogProps) {
  const now = useNow();
  const people = (usePeople().data ?? []).filter((one) => one.disabledAt === null);
  const wards = useWards().data ?? [];
  const [who, setWho] = useState<string | null>(known.person?.id ?? null);
  const [reach, setReach] = useState<Reach>(known.patient ? "patient" : "ward");
  const [patient, setPatient] = useState<PatientBody | null>(known.patient ?? null);
  const [ward, setWard] = useState<string | null>(known.wardId ?? null);
  const [purpose, setPurpose] = useState<GivenPurpose>(known.purpose ?? "care");
  const [basis, setBasis] = useState<NewGrantBody["basis"]>(basesOf(known.purpose ?? "care")[0]);
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const add = useAddGrant();
  const offered = people.filter((one) => isOffered(one.role, purpose));
  const wardId = ward ?? wards[0]?.id;
  const reached = reachOf(reach, patient?.id, wardId);
  const grantee = granteeOf(who);
  const to = until === "" ? null : fromZonedInput(until, zone);
  const isPast = to !== null && to <= now;
  const problem = isPast ? "This is over already" : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        known.patient ? `Let somebody see ${known.patient.name}` : `Let ${known.person?.display ?? "somebody"} see`
      }
    >
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!grantee || !reached || isPast) return;
          const words = reason.trim();
          const body = { grantee, reach: reached, purpose, basis, to, ...(words === "" ? {} : { reason: words }) };
          add.mutate(body, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <Select
            label="For"
            data={GIVEN_PURPOSES.map((value) => ({ value, label: purposeWord[value] }))}
            value={purpose}
            onChange={(value) => {
              const next = (value ?? "care") as GivenPurpose;
              setPurpose(next);
              setBasis(basesOf(next)[0]);
              if (!known.person) setWho(null);
            }}
            allowDeselect={false}
          />
          {!known.person && (
            <Select
              label="Who"
              placeholder="Name or role"
              data={[
                {
                  group: "People",
                  items: offered.map((p) => ({
                    value: p.id,
                    label: `${p.display}, ${roleWord[p.role].toLowerCase()}`,
                  })),
                },
                {
                  group: "Everybody of a role",
                  items: ROLES.filter((r) => isOffered(r, purpose)).map((r) => ({
                    value: `role ${r}`,
                    label: `Every ${roleWord[r].toLowerCase()}`,
                  })),
                },
              ]}
              value={who}
              onChange={setWho}
              searchable
              required
              data-autofocus
            />
          )}
          {!known.patient && (
            <>
              <SegmentedControl
                aria-label="Whom"
                value={reach}
                onChange={(value) => setReach(value as Reach)} // one of the three below
                data={[
                  { value: "ward", label: "Who lies on a ward" },
                  { value: "patient", label: "One patient" },
                  { value: "organisation", label: "Everybody" },
                ]}
              />
              {reach === "ward" && (
                <Select
                  label="Ward"
                  data={wards.map((w) => ({ value: w.id, label: w.name }))}
                  value={wardId ?? null}
                  onChange={setWard}
                  allowDeselect={false}
                />
              )}
              {reach === "patient" && <PatientPicker value={patient} onChange={setPatient} all />}
              {reach === "organisation" && (
                <Alert variant="light" color="gray">
                  Every patient of the organisation, those to come too. Few people need this.
                </Alert>
              )}
            </>
          )}
          <Select
            label="Because"
            data={basesOf(purpose).map((value) => ({ value, label: basisWord[value] }))}
            value={basis}
            onChange={(value) => value && setBasis(value as NewGrantBody["basis"])}
            allowDeselect={false}
          />
          <TextInput
            type="datetime-local"
            label="Until"
            description={`Left empty: no end, until somebody ends it. Times in ${zone.replaceAll("_", " ")}.`}
            min={toZonedInput(now, zone).slice(0, 16)}
            value={until}
            onChange={(e) => setUntil(e.currentTarget.value)}
            error={problem}
          />
          <TextInput
            label="Reason"
            placeholder="asked for advice on the ward round"
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            maxLength={500}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!grantee || !reached || isPast}>
              Let see
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const ROLES: readonly Role[] = ["nurse", "physician", "clinical-engineer", "researcher"];

function granteeOf(who: string | null): NewGrantBody["grantee"] | undefined {
  if (who === null) return undefined;
  return who.startsWith("role ") ? { kind: "role", role: who.slice(5) } : { kind: "person", id: who };
}

function reachOf(
  reach: Reach,
  patientId: string | undefined,
  wardId: string | undefined,
): NewGrantBody["reach"] | undefined {
  if (reach === "organisation") return { kind: "organisation" };
  if (reach === "patient") return patientId === undefined ? undefined : { kind: "patient", patientId };
  return wardId === undefined ? undefined : { kind: "ward", wardId };
}
