import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import { IconLink } from "@tabler/icons-react";
import { useNow } from "../app/hooks.ts";
import { roleWord } from "../app/permissions.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { formatWhen } from "../parts/format.ts";

export interface Linked {
  readonly person: PersonBody;
  readonly link: string;
  readonly expiresAt: number;
}

/** The one moment at which a one-time link can be read. */
export function LinkShown(props: { readonly linked: Linked; readonly onClose: () => void; readonly zone: string }) {
  const { linked, onClose, zone } = props;
  const now = useNow();
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Sign-in link for ${linked.person.display}`}
      size="lg"
      closeOnClickOutside={false}
    >
      <Stack>
        <Alert variant="light" icon={<IconLink size={20} />} title="The link is shown once">
          It works once, until {formatWhen(linked.expiresAt, now, zone)}. Whoever has it signs in as{" "}
          {linked.person.display}, {roleWord[linked.person.role].toLowerCase()}: hand it over in person.
        </Alert>
        <CopyLine label="Sign-in link" text={linked.link} />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
