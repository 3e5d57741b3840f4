import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { ask } from "../app/api.ts";
import { Problem } from "../parts/problem.tsx";

/** The number on one's own badge, which says at a screen on a wall who one is. */
export function BadgeSection() {
  const queries = useQueryClient();
  const [number, setNumber] = useState("");
  const badge = useQuery({ queryKey: ["badge"], queryFn: ({ signal }) => ask("ownBadge", { signal }) });
  const onSettled = () => queries.invalidateQueries({ queryKey: ["badge"] });
  const set = useMutation({
    mutationFn: () => ask("setOwnBadge", { body: { number } }),
    onSuccess: () => setNumber(""),
    onSettled,
  });
  const remove = useMutation({ mutationFn: () => ask("removeOwnBadge"), onSettled });
  const hasBadge = badge.data?.hasBadge ?? false;
  return (
    <Section title="Badge" action={null}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate();
        }}
      >
        <Stack gap="sm" p="md">
          <TextInput
            label={hasBadge ? "Another badge number" : "Badge number"}
            description={`With your PIN it answers alarms at screens on walls, and signs nobody in.${hasBadge ? " Yours is known." : ""}`}
            autoComplete="off"
            value={number}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
          <Problem error={set.error ?? remove.error} />
          <Group justify="flex-end">
            {hasBadge && (
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Remove badge
              </Button>
            )}
            <Button type="submit" variant="default" loading={set.isPending} disabled={number.trim().length < 6}>
              Set badge
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
