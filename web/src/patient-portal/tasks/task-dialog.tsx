import { Button, Group, Modal, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { signals as table } from "@openward/signals";
import { useState } from "react";
import { Problem } from "../../parts/problem.tsx";
import { useAddTask } from "./use-tasks.ts";

const CHOICES = table
  .filter(({ kind }) => kind === "numeric")
  .map(({ key, display }) => ({ value: key, label: display }));
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** What is to be measured, and at which times of the day. */
export function TaskDialog(props: {
  readonly patientId: string;
  readonly isWard: boolean;
  readonly onClose: () => void;
}) {
  const { patientId, isWard, onClose } = props;
  const [signal, setSignal] = useState<string | null>(null);
  const [times, setTimes] = useState<string[]>(["08:00"]);
  const [until, setUntil] = useState("");
  const [note, setNote] = useState("");
  const add = useAddTask(patientId, isWard);
  const wrong = times.find((time) => !TIME.test(time));
  const isReady = signal !== null && times.length > 0 && wrong === undefined;
  return (
    <Modal opened onClose={onClose} title="Have it measured">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!isReady) return;
          const body = {
            signal,
            times,
            note: note.trim() === "" ? null : note.trim(),
            toDay: until === "" ? null : until,
          };
          add.mutate(body, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <Select label="What" data={CHOICES} value={signal} onChange={setSignal} searchable required data-autofocus />
          <TagsInput
            label="At"
            description="Times of the day by the patient's clock, as 08:00"
            value={times}
            onChange={setTimes}
            maxTags={24}
            error={wrong === undefined ? undefined : `${wrong} is no time`}
          />
          <TextInput
            label="Until"
            description="The last day; left out: until it is ended"
            type="date"
            value={until}
            onChange={(e) => setUntil(e.currentTarget.value)}
          />
          <TextInput
            label="Note"
            placeholder="before breakfast"
            maxLength={200}
            value={note}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              Set
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
