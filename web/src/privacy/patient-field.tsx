import { ActionIcon, Autocomplete } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { useSession } from "../app/hooks.ts";
import { useFindRecord, useKnownRecords } from "./use-privacy.ts";

/**
 * A patient by the record's id, which the log has; by the record number where the office has something open of them. An officer
 * looks other numbers up: each that is looked up is a line of the log, so that it takes a press of its own.
 *
 * @param props.onChange gets what was typed, and the id that it means
 */
export function PatientField(props: {
  readonly value: string;
  readonly onChange: (typed: string, id: string) => void;
  readonly placeholder?: string;
  readonly required?: boolean;
}) {
  const known = useKnownRecords();
  const isOfficer = useSession().principal.role === "privacy-officer";
  const find = useFindRecord();
  const [found, setFound] = useState<string | null>(null);
  const mrn = props.value.trim();
  const isUnknown = find.error instanceof ApiProblem && find.error.status === 404;
  const problem = isUnknown ? "No record has exactly this number." : (find.error?.message ?? null);
  return (
    <Autocomplete
      label="Patient"
      placeholder={props.placeholder ?? "Id of the record"}
      description={found === mrn && mrn !== "" ? "The record was found." : undefined}
      error={problem}
      data={[...known.keys()].sort()}
      value={props.value}
      onChange={(typed) => {
        find.reset();
        setFound(null);
        props.onChange(typed, known.get(typed.trim()) ?? typed.trim());
      }}
      limit={50}
      maxLength={64}
      required={props.required ?? false}
      clearable
      leftSectionPointerEvents="all"
      leftSection={
        isOfficer ? (
          <ActionIcon
            variant="subtle"
            aria-label="Look the record number up"
            loading={find.isPending}
            disabled={mrn === ""}
            onClick={() =>
              find.mutate(mrn, {
                onSuccess: ({ patientId }) => {
                  setFound(mrn);
                  props.onChange(mrn, patientId);
                },
              })
            }
          >
            <IconSearch size={17} aria-hidden />
          </ActionIcon>
        ) : undefined
      }
      w={220}
    />
  );
}
