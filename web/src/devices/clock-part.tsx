import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { useState } from "react";
import { useMay } from "../app/hooks.ts";
import { Problem } from "../parts/problem.tsx";
import { clockSentences, isClockInDoubt } from "./clock-text.ts";
import { useDecideClock } from "./use-devices.ts";

/** What is known of a device's clock; where only a person can tell, they tell here. */
export function ClockPart({ device }: { readonly device: DeviceBody }) {
  const [reason, setReason] = useState("");
  const decide = useDecideClock(device.id);
  const mayDecide = useMay("fleet") && device.revokedAt === null;
  const sentences = clockSentences(device);
  const { clock } = device;
  if (!sentences || !clock) return null;
  const say = (leadsTo: "kept" | "corrected") =>
    decide.mutate({ seen: clock.sequence, leadsTo, reason: reason.trim() }, { onSuccess: () => setReason("") });
  return (
    <section aria-label="Clock" style={{ marginBottom: "0.8rem" }}>
      <Text fw={600}>Clock</Text>
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
      {mayDecide && isClockInDoubt(clock) && (
        <Stack gap="xs" mt="xs">
          <Text size="sm">
            Late data would look the same. Look at the clock of the device: it holds until it is set again. What is
            corrected is moved to its true time, also what has come already.
          </Text>
          <TextInput
            aria-label="What you saw"
            placeholder="What you saw"
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            maxLength={500}
          />
          <Problem error={decide.error} />
          <Group gap="xs">
            {clock.leadsTo !== "kept" && (
              <Button
                size="sm"
                variant="default"
                disabled={!reason.trim()}
                loading={decide.isPending}
                onClick={() => say("kept")}
              >
                The clock is right
              </Button>
            )}
            <Button
              size="sm"
              variant="default"
              disabled={!reason.trim()}
              loading={decide.isPending}
              onClick={() => say("corrected")}
            >
              It is wrong: correct its times
            </Button>
          </Group>
        </Stack>
      )}
    </section>
  );
}
