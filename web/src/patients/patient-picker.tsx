import { Radio, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { PatientBody } from "@openward/api";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Identity } from "../parts/identity.tsx";
import classes from "./patient-picker.module.css";
import { usePatients } from "./use-patients.ts";

export interface PatientPickerProps {
  readonly value: PatientBody | null;
  readonly onChange: (patient: PatientBody) => void;
  /** Not to be offered. */
  readonly except?: string;
  readonly all?: boolean;
}

/** Choose a patient by name or record number; both identifiers are seen before one chooses. */
export function PatientPicker({ value, onChange, except, all = false }: PatientPickerProps) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const found = (usePatients(q, all).data ?? []).filter((p) => p.id !== except && p.mergedInto === null);
  const now = useNow();
  return (
    <Stack gap="xs">
      <TextInput
        label="Patient"
        placeholder="Name or record number"
        leftSection={<IconSearch size={17} />}
        value={typed}
        onChange={(e) => setTyped(e.currentTarget.value)}
        data-autofocus
      />
      <Radio.Group
        aria-label="Patients found"
        value={value?.id ?? null}
        onChange={(id) => {
          const patient = found.find((p) => p.id === id);
          if (patient) onChange(patient);
        }}
      >
        <div className={classes.list}>
          {found.slice(0, 50).map((p) => (
            <Radio.Card key={p.id} value={p.id} className={classes.card ?? ""} aria-label={`${p.name}, ${p.mrn}`}>
              <Radio.Indicator />
              <span className={classes.who}>
                <b>{p.name}</b>
                <small>
                  <Identity patient={p} now={now} />
                </small>
              </span>
              <span className={classes.bed}>{p.stay ? `${p.stay.wardName}, bed ${p.stay.bed}` : "not admitted"}</span>
            </Radio.Card>
          ))}
          {found.length === 0 && <p className={classes.none}>Nobody found</p>}
        </div>
      </Radio.Group>
    </Stack>
  );
}
