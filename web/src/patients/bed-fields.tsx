import { Button, Group, Select, TextInput } from "@mantine/core";
import { useWards } from "../app/hooks.ts";
import { freeBeds } from "./free-beds.ts";
import { usePatients } from "./use-patients.ts";

export interface Place {
  wardId: string | null;
  bed: string;
}

/** Ward and bed; free beds are offered, and who lies in the one that is typed is named. */
export function BedFields(props: {
  readonly place: Place;
  readonly change: (part: Partial<Place>) => void;
  readonly isChecked: boolean;
  /** Whose place it is: they do not stand in their own way. */
  readonly self?: string;
}) {
  const { place, change, isChecked, self } = props;
  const wards = useWards().data ?? [];
  const there = (usePatients("", false).data ?? []).filter((p) => p.id !== self && p.stay?.wardId === place.wardId);
  const typed = place.bed.trim().toLowerCase();
  const others = there.filter((p) => typed !== "" && p.stay?.bed.toLowerCase() === typed);
  return (
    <Group grow align="flex-start">
      <Select
        label="Ward"
        data={wards.map((w) => ({ value: w.id, label: w.name }))}
        value={place.wardId}
        onChange={(wardId) => change({ wardId })}
        allowDeselect={false}
        error={isChecked && !place.wardId ? "The ward is needed" : undefined}
        required
      />
      <div>
        <TextInput
          label="Bed"
          value={place.bed}
          onChange={(e) => change({ bed: e.currentTarget.value })}
          error={isChecked && typed === "" ? "The bed is needed" : undefined}
          description={others.length > 0 ? `Taken: ${others.map((p) => p.name).join("; ")}` : undefined}
          inputWrapperOrder={["label", "input", "description", "error"]}
          required
          maxLength={32}
        />
        {place.wardId && (
          <Group gap={4} mt={6} role="group" aria-label="Free beds">
            <small style={{ color: "var(--ow-ink-soft)" }}>Free:</small>
            {freeBeds(there.flatMap((p) => p.stay?.bed ?? [])).map((bed) => (
              <Button
                key={bed}
                size="compact-xs"
                variant="default"
                aria-label={`Bed ${bed}`}
                onClick={() => change({ bed })}
              >
                {bed}
              </Button>
            ))}
          </Group>
        )}
      </div>
    </Group>
  );
}
