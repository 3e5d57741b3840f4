import { NativeSelect } from "@mantine/core";
import type { QuarantineCountsBody } from "@openward/api";
import { formatWord, type QuarantineFilter, reasonWord, sumBy } from "./reasons.ts";

/** What open messages have in common: how many there are of each, within what the others choose. */
export function Filters(props: {
  readonly counts: QuarantineCountsBody;
  readonly filter: QuarantineFilter;
  readonly onFilter: (filter: QuarantineFilter) => void;
}) {
  const { counts, filter, onFilter } = props;
  const select = (key: "code" | "device" | "contentType", label: string, wordOf: (value: string) => string) => {
    const rest = counts.filter((each) =>
      (["code", "device", "contentType"] as const).every(
        (other) => other === key || filter[other] === undefined || keyOf(each, other) === filter[other],
      ),
    );
    const sums = sumBy(rest, (each) => keyOf(each, key));
    const chosen = filter[key];
    if (chosen !== undefined && !sums.some(([value]) => value === chosen)) sums.push([chosen, 0]);
    return (
      <NativeSelect
        label={label}
        value={chosen ?? ""}
        onChange={({ currentTarget: { value } }) => {
          const { [key]: _, ...others } = filter;
          onFilter(value === "" ? others : { ...others, [key]: value });
        }}
        data={[{ value: "", label: "Any" }, ...sums.map(([value, n]) => ({ value, label: `${wordOf(value)} (${n})` }))]}
      />
    );
  };
  return (
    <div style={{ display: "flex", flexWrap: "wrap", gap: "0.7rem", marginBottom: "0.9rem" }}>
      {select("code", "Reason", reasonWord)}
      {select("device", "Device", (value) => value)}
      {select("contentType", "Format", formatWord)}
      <NativeSelect
        label="Received"
        value={filter.hours ?? ""}
        onChange={({ currentTarget: { value } }) => {
          const { hours: _, ...others } = filter;
          onFilter(value === "" ? others : { ...others, hours: value });
        }}
        data={[
          { value: "", label: "At any time" },
          { value: "1", label: "In the last hour" },
          { value: "24", label: "In the last 24 hours" },
          { value: "168", label: "In the last 7 days" },
        ]}
      />
    </div>
  );
}

type Count = QuarantineCountsBody[number];
const keyOf = (count: Count, key: "code" | "device" | "contentType"): string =>
  key === "device" ? count.deviceId : count[key];
