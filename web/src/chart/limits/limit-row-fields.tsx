import { Button, Group, NumberInput, Select, Switch, Table } from "@mantine/core";
import { useNow } from "../../app/hooks.ts";
import { formatWhen, unitText } from "../../parts/format.ts";
import { longName, ownUnit } from "../../parts/signal-display.ts";
import { boundsText } from "./bounds-text.ts";
import type { LimitField, LimitProblems, LimitsDraft } from "./check-limits.ts";
import type { LimitRow } from "./limit-edits.ts";

const fields: readonly { readonly field: LimitField; readonly label: string }[] = [
  { field: "criticalLow", label: "Critical low" },
  { field: "low", label: "Low" },
  { field: "high", label: "High" },
  { field: "criticalHigh", label: "Critical high" },
];

export interface LimitRowFieldsProps {
  readonly row: LimitRow;
  readonly zone: string;
  readonly problems: LimitProblems;
  readonly mayChange: boolean;
  readonly onEdit: (part: Partial<LimitsDraft>) => void;
  readonly onTakeTheirs: () => void;
  readonly onInsist: () => void;
}

/** The limits of one signal, and how they behave. */
export function LimitRowFields(props: LimitRowFieldsProps) {
  const { row, problems, mayChange, onEdit } = props;
  const { draft } = row;
  const name = longName(draft.signal);
  const isFixed = !mayChange || !draft.enabled;
  const number = (label: string, value: number | "", problem: string | undefined, change: (v: number | "") => void) => (
    <NumberInput
      size="sm"
      w={88}
      hideControls
      aria-label={`${name}, ${label}`}
      placeholder="none"
      value={value}
      onChange={(v) => change(typeof v === "number" || v === "" ? v : Number(v))}
      error={problem}
      disabled={isFixed}
    />
  );
  return (
    <Table.Tr
      data-signal={draft.signal}
      data-changed={row.isChanged || undefined}
      style={draft.enabled ? undefined : { opacity: 0.65 }}
    >
      <Table.Td data-lead>
        <Origin {...props} />
      </Table.Td>
      {fields.map(({ field, label }) => (
        <Table.Td key={field} data-label={label}>
          {number(label.toLowerCase(), draft[field], problems[field], (v) => onEdit({ [field]: v }))}
        </Table.Td>
      ))}
      <Table.Td data-label="Hysteresis" title="How far back inside the limit a value must come before the alarm ends">
        {number("hysteresis", draft.hysteresis, problems.hysteresis, (v) => onEdit({ hysteresis: v }))}
      </Table.Td>
      <Table.Td data-label="Delay, s" title="How long it must last before it is an alarm">
        {number("delay in seconds", draft.delayS, problems.delayS, (v) => onEdit({ delayS: v }))}
      </Table.Td>
      <Table.Td data-label="Priority">
        <Select
          size="sm"
          w={126}
          aria-label={`${name}, priority`}
          data={[
            { value: "high", label: "!!! High" },
            { value: "medium", label: "!! Medium" },
            { value: "low", label: "! Low" },
          ]}
          value={draft.priority}
          onChange={(value) => onEdit({ priority: (value ?? "medium") as LimitsDraft["priority"] })}
          allowDeselect={false}
          disabled={isFixed}
        />
      </Table.Td>
      <Table.Td
        data-label="Latching"
        title="The alarm stays until a person has answered it, also when the value is back"
      >
        <Switch
          aria-label={`${name}, latching`}
          checked={draft.latching}
          onChange={(e) => onEdit({ latching: e.currentTarget.checked })}
          disabled={isFixed}
        />
      </Table.Td>
      <Table.Td data-label="Watched">
        <Switch
          aria-label={`${name} is watched`}
          checked={draft.enabled}
          onChange={(e) => onEdit({ enabled: e.currentTarget.checked })}
          disabled={!mayChange}
        />
        {!draft.enabled && <b style={{ fontSize: "0.8rem" }}>ALARM OFF</b>}
      </Table.Td>
    </Table.Tr>
  );
}

/** Which signal, who has set its limits and when; and that somebody has set them while they were being typed. */
function Origin({ row, zone, onTakeTheirs, onInsist }: LimitRowFieldsProps) {
  const now = useNow();
  const { set, draft } = row;
  return (
    <>
      <b>{longName(draft.signal)}</b>{" "}
      <span style={{ color: "var(--ow-ink-soft)" }}>{unitText(ownUnit(draft.signal))}</span>
      {set && (
        <small style={{ display: "block", color: "var(--ow-ink-soft)" }}>
          {set.isDefault ? set.setBy : `${set.setBy}, ${formatWhen(set.setAt, now, zone)}`}
        </small>
      )}
      {row.isOvertaken && set && (
        <div role="alert" style={{ marginTop: "0.3rem" }}>
          <b>
            {set.setBy} has set this meanwhile: {boundsText(set)}.
          </b>
          <Group gap="xs" mt={4}>
            <Button size="compact-xs" onClick={onTakeTheirs}>
              Take theirs
            </Button>
            <Button size="compact-xs" variant="default" onClick={onInsist}>
              Keep mine
            </Button>
          </Group>
        </div>
      )}
    </>
  );
}
