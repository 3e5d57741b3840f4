import { Group, Select, TextInput } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { monitor } from "../app/monitor.ts";
import { formatAge, formatBirthDate } from "../parts/format.ts";
import { ageGroups } from "./age-groups.ts";
import { type ParsedDate, parseBirthDate } from "./birth-date.ts";

export interface PatientDraft {
  name: string;
  birthDate: string;
  sex: PatientBody["sex"];
  mrn: string;
  ageGroup: NonNullable<PatientBody["ageGroup"]> | null;
}

export const emptyDraft: PatientDraft = { name: "", birthDate: "", sex: "unknown", mrn: "", ageGroup: null };

export function parseDraftDate(draft: PatientDraft): ParsedDate {
  return parseBirthDate(draft.birthDate, new Date(monitor.now()).toISOString().slice(0, 10));
}

export interface PatientFieldsProps {
  readonly draft: PatientDraft;
  readonly change: (part: Partial<PatientDraft>) => void;
  /** Errors are shown once somebody tried to go on. */
  readonly isChecked: boolean;
  readonly isUnknown: boolean;
}

/** Who it is: used where a patient is admitted and where their data are corrected. */
export function PatientFields({ draft, change, isChecked, isUnknown }: PatientFieldsProps) {
  const date = parseDraftDate(draft);
  const isDated = !isUnknown && date.ok && date.date !== null;
  return (
    <>
      {!isUnknown && (
        <>
          <TextInput
            label="Name"
            placeholder="Family name, given name"
            value={draft.name}
            onChange={(e) => change({ name: e.currentTarget.value })}
            error={isChecked && draft.name.trim() === "" ? "The name is needed" : undefined}
            required
            maxLength={200}
            data-autofocus
          />
          <Group grow align="flex-start">
            <TextInput
              label="Birth date"
              placeholder="21.3.1948"
              value={draft.birthDate}
              onChange={(e) => change({ birthDate: e.currentTarget.value })}
              error={date.ok ? undefined : date.reason}
              description={
                date.ok && date.date
                  ? `${formatBirthDate(date.date)}, ${formatAge(date.date, monitor.now(), "UTC")}`
                  : "Day, month, year; empty when not known"
              }
              inputWrapperOrder={["label", "input", "description", "error"]}
            />
            <TextInput
              label="Record number"
              value={draft.mrn}
              onChange={(e) => change({ mrn: e.currentTarget.value })}
              error={isChecked && draft.mrn.trim() === "" ? "The record number is needed" : undefined}
              required
              maxLength={64}
            />
          </Group>
        </>
      )}
      <Group grow align="flex-start">
        <Select
          label="Sex"
          value={draft.sex}
          onChange={(value) => change({ sex: (value ?? "unknown") as PatientDraft["sex"] })}
          data={[
            { value: "unknown", label: "Not known" },
            { value: "female", label: "Female" },
            { value: "male", label: "Male" },
            { value: "other", label: "Other" },
          ]}
          allowDeselect={false}
        />
        <Select
          label="Alarm limits of"
          description={isDated ? "As the birth date says" : "Without an age, somebody must choose"}
          inputWrapperOrder={["label", "input", "description"]}
          placeholder={isDated ? "" : "Choose later"}
          value={isDated ? null : draft.ageGroup}
          disabled={isDated}
          onChange={(value) => change({ ageGroup: value as PatientDraft["ageGroup"] })}
          data={ageGroups}
          clearable
        />
      </Group>
    </>
  );
}
