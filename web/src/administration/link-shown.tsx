import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import { IconLink } from "@tabler/icons-react";
import { useState } from "react";
import { useNow, useSystem } from "../app/hooks.ts";
import { roleWord } from "../app/permissions.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { useMailLink } from "./use-people.ts";

export interface Linked {
  readonly person: PersonBody;
  readonly link: string;
  readonly expiresAt: number;
  /** What was typed for them a moment ago. */
  readonly email?: string | undefined;
}

/** The one moment at which a one-time link can be read. */
export function LinkShown(props: { readonly linked: Linked; readonly onClose: () => void; readonly zone: string }) {
  const { linked, onClose, zone } = props;
  const now = useNow();
  const hasMail = useSystem().data?.mail ?? false;
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
        {hasMail && <ByMail person={linked.person} address={linked.email} />}
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** A second link, by mail: the address is not kept by this, and nobody here sees the link. */
function ByMail({ person, address = "" }: { readonly person: PersonBody; readonly address?: string | undefined }) {
  const [email, setEmail] = useState(address);
  const send = useMailLink(person.id);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (email.trim()) send.mutate(email.trim(), { onSuccess: () => setEmail("") });
      }}
    >
      <Stack gap="xs">
        <TextInput
          type="email"
          label="Or send one by mail"
          description="The mail names nobody and has nothing in it but the link. This does not keep the address."
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
        />
        <Problem error={send.error} />
        {send.isSuccess && <Alert variant="light">Sent.</Alert>}
        <Group justify="flex-end">
          <Button type="submit" variant="default" loading={send.isPending} disabled={!email.trim()}>
            Send
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
