import { Alert, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useSystem } from "../app/hooks.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { connectLines } from "./connect-lines.ts";

/** A device's id and token, which are never shown again, and two lines that send a reading with them. */
export function TokenShown({ id, token }: { readonly id: string; readonly token: string }) {
  const system = useSystem().data;
  const lines = system && connectLines(system, id, token);
  return (
    <Stack gap="sm">
      <Alert icon={<IconKey size={20} />} variant="light" title="The token is shown once">
        Copy it now. It is stored only as a hash; if it is lost, make a new one.
      </Alert>
      <CopyLine label="Device id" text={id} />
      <CopyLine label="Token" text={token} />
      {lines && (
        <>
          <CopyLine label="Send a reading by MQTT" text={lines.mqtt} />
          <CopyLine label="Send a reading by HTTP" text={lines.http} />
        </>
      )}
    </Stack>
  );
}
