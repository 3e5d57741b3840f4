import { Group, TextInput } from "@mantine/core";
import { fromZonedInput, toZonedInput } from "../../parts/zoned-time.ts";

export interface Span {
  readonly from: string;
  readonly to: string;
}

/** The hour until now, to begin with. */
export function newSpan(now: number, zone: string): Span {
  return { from: toZonedInput(now - 3_600_000, zone), to: toZonedInput(now, zone) };
}

/** ms UTC, the last second included; null while it is no span. */
export function spanTimes({ from, to }: Span, zone: string): { from: number; to: number } | null {
  const start = fromZonedInput(from, zone);
  const end = fromZonedInput(to, zone);
  return start === null || end === null || start >= end ? null : { from: start, to: end };
}

/** From when to when, by the patient's clock. */
export function SpanFields({
  value,
  onChange,
  zone,
}: {
  readonly value: Span;
  readonly onChange: (span: Span) => void;
  readonly zone: string;
}) {
  const field = (key: keyof Span, label: string) => (
    <TextInput
      type="datetime-local"
      step={1}
      label={label}
      value={value[key]}
      onChange={(event) => onChange({ ...value, [key]: event.currentTarget.value })}
    />
  );
  return (
    <Group gap="sm" align="end">
      {field("from", "From")}
      {field("to", "To")}
      <small>{zone}</small>
    </Group>
  );
}
