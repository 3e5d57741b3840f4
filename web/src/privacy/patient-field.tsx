import { Autocomplete } from "@mantine/core";
import { useKnownRecords } from "./use-privacy.ts";

/**
 * A patient by the record's id, which the log has; the record number where the office has something open of them.
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
  return (
    <Autocomplete
      label="Patient"
      placeholder={props.placeholder ?? "Id of the record"}
      data={[...known.keys()].sort()}
      value={props.value}
      onChange={(typed) => props.onChange(typed, known.get(typed.trim()) ?? typed.trim())}
      limit={50}
      maxLength={64}
      required={props.required ?? false}
      clearable
      w={220}
    />
  );
}
