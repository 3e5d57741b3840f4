import { Button, Group, Modal, Stack, Table } from "@mantine/core";
import type { CredentialsBody, DeviceBody } from "@openward/api";
import { IconCertificate, IconKey, IconQrcode } from "@tabler/icons-react";
import { useState } from "react";
import { useNow, useWards } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { formatDuration, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { ChargePart } from "./charge-part.tsx";
import { NewCertificate } from "./new-certificate.tsx";
import { NewClaimCode } from "./new-claim-code.tsx";
import { NewToken } from "./new-token.tsx";
import { useCredentials, useRevokeCredential } from "./use-credentials.ts";

type Making = "token" | "certificate" | "claim" | null;
type Credential = CredentialsBody["credentials"][number];

const kindWord: Readonly<Record<Credential["kind"], string>> = { token: "Token", certificate: "Certificate" };
const SOON_MS = 14 * 86_400_000;

/** What a device signs in with: seen, made, changed with an overlap, and ended one by one. */
export function CredentialsDialog({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const [making, setMaking] = useState<Making>(null);
  const [ending, setEnding] = useState<Credential | null>(null);
  const credentials = useCredentials(device.id);
  const revoke = useRevokeCredential(device.id);
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const done = () => setMaking(null);
  return (
    <>
      <Modal opened={making === null} onClose={onClose} title={`How ${device.display} signs in`} size="xl">
        <Stack gap="sm">
          {credentials.isPending ? (
            <Loading what="Loading what the device signs in with" />
          ) : credentials.isError ? (
            <Failed error={credentials.error} retry={() => credentials.refetch()} />
          ) : (
            <>
              <List credentials={credentials.data.credentials} zone={zone} onEnd={setEnding} />
              <Group gap="xs">
                <Button size="sm" leftSection={<IconKey size={17} />} onClick={() => setMaking("token")}>
                  New token
                </Button>
                <Button
                  size="sm"
                  variant="default"
                  leftSection={<IconCertificate size={17} />}
                  onClick={() => setMaking("certificate")}
                >
                  New certificate
                </Button>
                <Button
                  size="sm"
                  variant="default"
                  leftSection={<IconQrcode size={17} />}
                  onClick={() => setMaking("claim")}
                >
                  Claim code
                </Button>
              </Group>
              <ChargePart device={device} inCharge={credentials.data.inCharge} />
            </>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </Group>
        </Stack>
      </Modal>
      {making === "token" && <NewToken device={device} onClose={done} />}
      {making === "certificate" && <NewCertificate device={device} zone={zone} onClose={done} />}
      {making === "claim" && <NewClaimCode device={device} zone={zone} onClose={done} />}
      <Confirm
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
        title={`Revoke this ${ending?.kind ?? ""}`}
        action="Revoke"
        isDangerous
        isPending={revoke.isPending}
        error={revoke.error}
        onConfirm={() => ending && revoke.mutate(ending.id, { onSuccess: () => setEnding(null) })}
      >
        <b>{device.id}</b> is disconnected where it has signed in with it, within seconds, and cannot use it again. What
        else it has goes on.
      </Confirm>
    </>
  );
}

function List(props: {
  readonly credentials: readonly Credential[];
  readonly zone: string;
  readonly onEnd: (one: Credential) => void;
}) {
  const { credentials, zone, onEnd } = props;
  const now = useNow();
  if (credentials.length === 0)
    return (
      <Empty title="It has nothing to sign in with" icon={<IconKey size={40} stroke={1.3} />}>
        <p>Make a token or a certificate, or print a claim code.</p>
      </Empty>
    );
  return (
    <Rows
      minWidth={520}
      head={
        <>
          <Table.Th>What</Table.Th>
          <Table.Th>Made</Table.Th>
          <Table.Th>Valid until</Table.Th>
          <Table.Th aria-label="Actions" />
        </>
      }
    >
      {credentials.map((one) => {
        const left = one.expiresAt === null ? null : one.expiresAt - now;
        return (
          <Table.Tr key={one.id}>
            <Table.Td data-label="What">
              <b>{kindWord[one.kind]}</b>
            </Table.Td>
            <Table.Td data-label="Made">
              {formatWhen(one.createdAt, now, zone)}
              <br />
              <small>by {one.createdBy}</small>
            </Table.Td>
            <Table.Td data-label="Valid until">
              {one.expiresAt === null || left === null ? (
                "no end"
              ) : (
                <>
                  {formatWhen(one.expiresAt, now, zone)}
                  {left < SOON_MS && (
                    <>
                      <br />
                      <b>{left <= 0 ? "over" : `${formatDuration(left)} left`}</b>
                    </>
                  )}
                </>
              )}
            </Table.Td>
            <Table.Td data-do align="right">
              <Button
                size="xs"
                variant="default"
                onClick={() => onEnd(one)}
                aria-label={`Revoke ${one.kind} of ${formatWhen(one.createdAt, now, zone)}`}
              >
                Revoke
              </Button>
            </Table.Td>
          </Table.Tr>
        );
      })}
    </Rows>
  );
}
