import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { FeedsBody, FeedWithSecretBody } from "@openward/api";
import { IconKey } from "@tabler/icons-react";
import { CopyLine } from "../parts/copy-line.tsx";

/** What its receiver needs; the secret can be read here and never again. */
export function FeedShown(props: {
  readonly made: FeedWithSecretBody;
  readonly mqtt: FeedsBody["mqtt"] | undefined;
  readonly onClose: () => void;
}) {
  const { made, mqtt, onClose } = props;
  const { feed, secret } = made;
  return (
    <Modal opened onClose={onClose} title={feed.name} size="lg" closeOnClickOutside={false}>
      <Stack>
        {secret === null ? (
          <p style={{ margin: 0 }}>The broker is being connected to; how that goes is shown in the list.</p>
        ) : (
          <Alert variant="light" icon={<IconKey size={20} />} title="The secret is shown once">
            {feed.way === "webhook"
              ? "With it the receiver checks that a message is from here (Standard Webhooks)."
              : "Whoever has it reads what is sent. If it is lost, make a new one."}
          </Alert>
        )}
        {feed.way === "mqtt" && (
          <>
            {mqtt && <CopyLine label="Server" text={`${mqtt.host}:${mqtt.port}`} />}
            <CopyLine label="User name" text={`feed:${feed.id}`} />
          </>
        )}
        {secret !== null && <CopyLine label={feed.way === "webhook" ? "Secret" : "Password"} text={secret} />}
        {feed.way === "mqtt" && <CopyLine label="Topics" text={`openward/v1/feed/${feed.id}/#`} />}
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
