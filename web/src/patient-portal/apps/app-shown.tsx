import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { NightscoutKeyWithSecretBody } from "@openward/api";
import { IconKey } from "@tabler/icons-react";
import { CopyLine } from "../../parts/copy-line.tsx";

/** What is typed into the app; the secret can be read here and never again. */
export function AppShown({
  made,
  onClose,
}: {
  readonly made: NightscoutKeyWithSecretBody;
  readonly onClose: () => void;
}) {
  const { key, token, url } = made;
  return (
    <Modal opened onClose={onClose} title={key.name} size="lg" closeOnClickOutside={false}>
      <Stack>
        <Alert variant="light" icon={<IconKey size={20} />} title="The secret is shown once">
          Copy it into the app now. It is stored only as a hash; if it is lost, connect the app anew.
        </Alert>
        <CopyLine label="Address" text={new URL(url).origin} />
        <CopyLine label="API secret or token" text={token} />
        <CopyLine label="Base URL of xDrip+" text={url} />
        <p style={{ margin: 0 }}>
          Loop and Trio ask for the address and the API secret, AndroidAPS (NSClient v3) for the address and the access
          token, xDrip+ for the base URL.
        </p>
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
