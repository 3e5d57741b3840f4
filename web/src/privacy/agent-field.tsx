import { Autocomplete } from "@mantine/core";
import type { Agent } from "./entry-words.ts";

/** Somebody or something that acts: a person by name, what else there is by its id. */
export function AgentField(props: {
  readonly agents: readonly Agent[];
  readonly value: string;
  readonly onChange: (typed: string) => void;
  readonly placeholder: string;
  readonly required?: boolean;
}) {
  return (
    <Autocomplete
      label="Person, application or device"
      placeholder={props.placeholder}
      data={props.agents.map(({ label }) => label)}
      value={props.value}
      onChange={props.onChange}
      limit={50}
      maxLength={200}
      clearable
      required={props.required ?? false}
      w={260}
    />
  );
}
