import { Button, Group, Select, Stack, Table } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { useState } from "react";
import { Problem } from "../parts/problem.tsx";
import { useSetCharge } from "./use-credentials.ts";
import { useDevices } from "./use-devices.ts";

/** The devices for which a gateway may speak. It needs no secret of theirs. */
export function ChargePart({
  device,
  inCharge,
}: {
  readonly device: DeviceBody;
  readonly inCharge: readonly string[];
}) {
  const devices = useDevices().data ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const set = useSetCharge(device.id);
  const nameOf = (id: string) => devices.find((one) => one.id === id)?.display ?? id;
  const others = devices.filter((one) => one.id !== device.id && one.revokedAt === null && !inCharge.includes(one.id));
  return (
    <section aria-label="In its charge">
      <h3 style={{ margin: "0.6rem 0 0.2rem", fontSize: "1rem" }}>Devices in its charge</h3>
      <p style={{ margin: "0 0 0.4rem", color: "var(--ow-ink-soft)" }}>
        A gateway sends for the devices in its charge; it needs nothing of what they sign in with.
      </p>
      {inCharge.length > 0 && (
        <Table>
          <Table.Tbody>
            {inCharge.map((id) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <b>{nameOf(id)}</b> <small>{id}</small>
                </Table.Td>
                <Table.Td align="right">
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => set.mutate({ deviceId: id, isInCharge: false })}
                    aria-label={`Take ${id} out of its charge`}
                  >
                    Take out
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Stack gap="xs">
        <Group align="end" gap="xs">
          <Select
            aria-label="Device to put in its charge"
            placeholder="Name or id"
            data={others.map((one) => ({ value: one.id, label: `${one.display} (${one.id})` }))}
            value={chosen}
            onChange={setChosen}
            searchable
            style={{ flex: "1 1 14rem" }}
          />
          <Button
            variant="default"
            disabled={!chosen}
            loading={set.isPending}
            onClick={() =>
              chosen && set.mutate({ deviceId: chosen, isInCharge: true }, { onSuccess: () => setChosen(null) })
            }
          >
            Put in its charge
          </Button>
        </Group>
        <Problem error={set.error} />
      </Stack>
    </section>
  );
}
