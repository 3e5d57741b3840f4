import { Button, Group, NativeSelect, PasswordInput, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { ask } from "../app/api.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { Problem } from "../parts/problem.tsx";

const MINUTES = [1, 2, 5, 10, 15, 30, 60];

/** After how long this screen locks itself, and the PIN that opens it. */
export function ScreenLockSection() {
  const queries = useQueryClient();
  const lock = useQuery({ queryKey: ["screen-lock"], queryFn: ({ signal }) => ask("screenLock", { signal }) });
  const set = useMutation({
    mutationFn: (minutes: number | null) => ask("setScreenLock", { body: { minutes } }),
    onSettled: () =>
      Promise.all(["screen-lock", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <Section title="Lock of this screen" action={null}>
      <Stack gap="sm" p="md">
        {lock.isPending ? (
          <Loading what="Loading" />
        ) : lock.isError ? (
          <Failed error={lock.error} retry={() => lock.refetch()} />
        ) : (
          <>
            <NativeSelect
              label="Lock when nobody touches it for"
              description="A locked screen monitors nobody and sounds no alarms."
              value={String(lock.data.minutes ?? "")}
              data={[
                { value: "", label: "Never" },
                ...MINUTES.map((n) => ({ value: String(n), label: n === 1 ? "1 minute" : `${n} minutes` })),
              ]}
              onChange={({ currentTarget: { value } }) => set.mutate(value === "" ? null : Number(value))}
            />
            <Problem error={set.error} />
            <Pin hasPin={lock.data.hasPin} />
          </>
        )}
      </Stack>
    </Section>
  );
}

function Pin({ hasPin }: { readonly hasPin: boolean }) {
  const queries = useQueryClient();
  const [pin, setPin] = useState("");
  const onSettled = () => queries.invalidateQueries({ queryKey: ["screen-lock"] });
  const set = useMutation({
    mutationFn: () => ask("setPin", { body: { pin } }),
    onSuccess: () => setPin(""),
    onSettled,
  });
  const remove = useMutation({ mutationFn: () => ask("removePin"), onSettled });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label={hasPin ? "Another PIN" : "PIN"}
          description={`6 to 12 digits. It opens this screen and signs nobody in.${hasPin ? " You have one." : ""}`}
          autoComplete="off"
          inputMode="numeric"
          maxLength={12}
          value={pin}
          onChange={(event) => setPin(event.currentTarget.value)}
        />
        <Problem error={set.error ?? remove.error} />
        <Group justify="flex-end">
          {hasPin && (
            <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove PIN
            </Button>
          )}
          <Button type="submit" variant="default" loading={set.isPending} disabled={!/^\d{6,12}$/.test(pin)}>
            Set PIN
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
