import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../app/api.ts";
import { Problem } from "../parts/problem.tsx";

/** The number on somebody's badge, which says at a screen on a wall who they are. It is not shown again. */
export function BadgeDialog({ person, onClose }: { readonly person: PersonBody; readonly onClose: () => void }) {
  const [number, setNumber] = useState("");
  const params = { id: person.id };
  const set = useMutation({ mutationFn: () => ask("setBadge", { params, body: { number } }), onSuccess: onClose });
  const remove = useMutation({ mutationFn: () => ask("removeBadge", { params }), onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={`Badge of ${person.display}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Badge number"
            description="Scan the badge, or type its number: 6 to 64 letters and digits. It is not shown again."
            autoComplete="off"
            value={number}
            onChange={(event) => setNumber(event.currentTarget.value)}
            data-autofocus
          />
          <Problem error={set.error ?? remove.error} />
          <Group justify="flex-end">
            <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
              Take the badge away
            </Button>
            <Button type="submit" loading={set.isPending} disabled={number.trim().length < 6}>
              Set badge
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
