import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { ApplicationBody } from "@openward/api";
import { IconKey } from "@tabler/icons-react";
import { useSystem } from "../app/hooks.ts";
import { CopyLine } from "../parts/copy-line.tsx";

export interface Registered {
  readonly application: ApplicationBody;
  readonly secret: string | null;
}

/** What the application's maker needs; a secret can be read here and never again. */
export function RegisteredShown({
  registered,
  onClose,
}: {
  readonly registered: Registered;
  readonly onClose: () => void;
}) {
  const { application, secret } = registered;
  const system = useSystem().data;
  return (
    <Modal opened onClose={onClose} title={application.name} size="lg" closeOnClickOutside={false}>
      <Stack>
        {secret !== null && (
          <Alert variant="light" icon={<IconKey size={20} />} title="The secret is shown once">
            Copy it now. It is stored only as a hash; if it is lost, make a new one.
          </Alert>
        )}
        <CopyLine label="Client id" text={application.id} />
        {secret !== null && <CopyLine label="Secret" text={secret} />}
        {system && <CopyLine label="FHIR address" text={`${system.publicUrl}/fhir`} />}
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
