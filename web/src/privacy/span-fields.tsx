import { TextInput } from "@mantine/core";

export interface Span {
  readonly since: string;
  readonly until: string;
}

/** From one day to another, both of them whole. */
export function SpanFields(props: {
  readonly value: Span;
  readonly onChange: (span: Span) => void;
  readonly required?: boolean;
}) {
  const { since, until } = props.value;
  return (
    <>
      <TextInput
        type="date"
        label="From"
        value={since}
        onChange={(e) => props.onChange({ since: e.currentTarget.value, until })}
        max={until || undefined}
        required={props.required ?? false}
      />
      <TextInput
        type="date"
        label="To"
        value={until}
        onChange={(e) => props.onChange({ since, until: e.currentTarget.value })}
        min={since || undefined}
        required={props.required ?? false}
      />
    </>
  );
}
