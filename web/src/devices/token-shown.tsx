import { Alert, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useSystem } from "../app/hooks.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { connectLines } from "./connect-lines.ts";
import { Qr } from "./qr.tsx";
import { useDeviceTypes } from "./use-devices.ts";

export interface TokenShownProps {
  readonly id: string;
  readonly token: string;
  /** Key of the device's type. */
  readonly type: string;
  /** Whoever sets up a device from a screen reads the token with a camera. */
  readonly withQr?: boolean;
}

/** A device's id and token, which are never shown again, and two lines that send with them what its type measures. */
export function TokenShown({ id, token, type, withQr = false }: TokenShownProps) {
  const system = useSystem().data;
  const signals = useDeviceTypes().data?.find((t) => t.key === type)?.signals ?? [];
  const lines =
    system &&
    connectLines(
      system,
      id,
      token,
      signals.map((s) => s.signal),
    );
  return (
    <Stack gap="sm">
      <Alert icon={<IconKey size={20} />} variant="light" title="The token is shown once">
        Copy it now. It is stored only as a hash; if it is lost, make a new one.
      </Alert>
      <CopyLine label="Device id" text={id} />
      <CopyLine label="Token" text={token} />
      {withQr && <Qr text={token} label={`Token of ${id}`} />}
      {lines && (
        <>
          <CopyLine label="Send by MQTT" text={lines.mqtt} />
          <CopyLine label="Send by HTTP" text={lines.http} />
        </>
      )}
    </Stack>
  );
}
