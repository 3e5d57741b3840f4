import { Alert, Button, Group, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconBed } from "@tabler/icons-react";
import { useNow } from "../app/hooks.ts";
import { Identity } from "../parts/identity.tsx";

export interface OccupiedProps {
  readonly bed: string;
  readonly occupants: readonly PatientBody[];
  readonly isPending: boolean;
  readonly onBack: () => void;
  readonly onShare: () => void;
}

/** Somebody lies in the bed: another one is chosen, or a person says that two share it. */
export function Occupied({ bed, occupants, isPending, onBack, onShare }: OccupiedProps) {
  const now = useNow();
  return (
    <Stack>
      <Alert
        icon={<IconBed size={20} />}
        color="gray"
        variant="outline"
        title={`Bed ${bed} is taken`}
        role="alert"
        aria-label={`Bed ${bed} is taken`}
      >
        <ul style={{ margin: 0, paddingLeft: "1.1rem" }}>
          {occupants.map((p) => (
            <li key={p.id}>
              <b>{p.name}</b>, <Identity patient={p} now={now} />
            </li>
          ))}
        </ul>
      </Alert>
      <Group justify="space-between">
        <Button onClick={onBack} data-autofocus>
          Choose another bed
        </Button>
        <Button variant="default" loading={isPending} onClick={onShare}>
          They share the bed
        </Button>
      </Group>
    </Stack>
  );
}
