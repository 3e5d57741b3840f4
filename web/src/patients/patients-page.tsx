import { Anchor, Button, Switch, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconUrgent, IconUserPlus, IconUserQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { BreakGlassDialog } from "../access/break-glass-dialog.tsx";
import { useMayBreakGlass } from "../access/use-break-glass.ts";
import { compareBeds } from "../alarms/priority.ts";
import { useMay, useNow, useTitle } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { formatAge, formatBirthDate, sexWord } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { AdmitDialog } from "./admit-dialog.tsx";
import { PatientActions } from "./patient-actions.tsx";
import { usePatients } from "./use-patients.ts";

export function PatientsPage() {
  useTitle("Patients");
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const [all, setAll] = useState(false);
  const [isEmergency, setEmergency] = useState(false);
  const mayBreakGlass = useMayBreakGlass();
  const [isAdmitting, setAdmitting] = useState(false);
  const patients = usePatients(q, all);
  const mayChange = useMay("clinical");
  const now = useNow();
  const rows = [...(patients.data ?? [])].sort(
    (a, b) =>
      Number(a.stay === null) - Number(b.stay === null) ||
      (a.stay?.wardName ?? "").localeCompare(b.stay?.wardName ?? "") ||
      compareBeds(a.stay?.bed ?? "", b.stay?.bed ?? "") ||
      a.name.localeCompare(b.name),
  );
  return (
    <Page
      title="Patients"
      actions={
        <>
          <TextInput
            aria-label="Search patients"
            placeholder="Name or record number"
            leftSection={<IconSearch size={17} />}
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
          />
          <Switch label="Also discharged" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
          {mayBreakGlass && (
            <Button variant="default" leftSection={<IconUrgent size={18} />} onClick={() => setEmergency(true)}>
              Emergency access
            </Button>
          )}
          {mayChange && (
            <Button leftSection={<IconUserPlus size={18} />} onClick={() => setAdmitting(true)}>
              Admit patient
            </Button>
          )}
        </>
      }
    >
      <Card>
        {patients.isPending ? (
          <Loading what="Loading patients" />
        ) : patients.isError && !patients.data ? (
          <Failed error={patients.error} retry={() => patients.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title={q ? "Nobody found" : "No patients admitted"}>
            {q && mayBreakGlass && (
              <p>
                Only patients whom you may see are searched. In an emergency:{" "}
                <Anchor component="button" onClick={() => setEmergency(true)}>
                  see a patient by record number
                </Anchor>
                .
              </p>
            )}
          </Empty>
        ) : (
          <Rows
            minWidth={620}
            head={
              <>
                <Table.Th>Bed</Table.Th>
                <Table.Th>Name</Table.Th>
                <Table.Th>Birth date</Table.Th>
                <Table.Th>Sex</Table.Th>
                <Table.Th>Record number</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {rows.map((p) => (
              <Table.Tr key={p.id}>
                <Table.Td data-label="Bed" style={{ whiteSpace: "nowrap" }}>
                  {p.stay ? (
                    <>
                      <b style={{ fontSize: "1.1rem" }}>{p.stay.bed}</b>{" "}
                      <small style={{ color: "var(--ow-ink-soft)" }}>{p.stay.wardName}</small>
                    </>
                  ) : (
                    <span style={{ color: "var(--ow-ink-soft)" }}>{p.mergedInto ? "merged" : "discharged"}</span>
                  )}
                </Table.Td>
                <Table.Td data-label="Name">
                  <Link to="/patients/$patientId" params={{ patientId: p.id }} style={{ fontWeight: 600 }}>
                    {p.isUnknown && (
                      <IconUserQuestion size={17} style={{ verticalAlign: "-3px" }} aria-label="Identity unknown" />
                    )}{" "}
                    {p.name}
                  </Link>
                </Table.Td>
                <Table.Td data-label="Birth date" style={{ whiteSpace: "nowrap" }}>
                  {p.birthDate
                    ? `${formatBirthDate(p.birthDate)} · ${formatAge(p.birthDate, now, p.timeZone)}`
                    : "not known"}
                </Table.Td>
                <Table.Td data-label="Sex">{p.sex === "unknown" ? "not known" : sexWord[p.sex]}</Table.Td>
                <Table.Td data-label="Record number">{p.mrn}</Table.Td>
                <Table.Td data-do align="right">
                  {mayChange && <PatientActions patient={p} />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )}
      </Card>
      {isEmergency && <BreakGlassDialog onClose={() => setEmergency(false)} />}
      {mayChange && <AdmitDialog isOpen={isAdmitting} onClose={() => setAdmitting(false)} />}
    </Page>
  );
}
