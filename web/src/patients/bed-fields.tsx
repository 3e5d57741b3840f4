import { Group, Select, TextInput } from "@mantine/core";
import { useWards } from "../app/hooks.ts";

export interface Place {
  wardId: string | null;
  bed: string;
}

/** Ward and bed. */
export function BedFields(props: {
  readonly place: Place;
  readonly change: (part: Partial<Place>) => void;
  readonly isChecked: boolean;
}) {
  const { place, change, isChecked } = props;
  const wards = useWards().data ?? [];
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
      <TextInput
        label="Bed"
        value={place.bed}
        onChange={(e) => change({ bed: e.currentTarget.value })}
        error={isChecked && place.bed.trim() === "" ? "The bed is needed" : undefined}
        required
        maxLength={32}
      />
    </Group>
  );
}
