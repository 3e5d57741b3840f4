import { Button, Table } from "@mantine/core";
import type { MeBody, NightscoutKeyWithSecretBody } from "@openward/api";
import { useState } from "react";
import { Section } from "../../administration/section.tsx";
import { useNow } from "../../app/hooks.ts";
import { Failed, Loading } from "../../app/pages.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { formatWhen } from "../../parts/format.ts";
import { Rows } from "../../parts/rows.tsx";
import { AppDialog } from "./app-dialog.tsx";
import { AppShown } from "./app-shown.tsx";
import { useAppKeys, useEndAppKey } from "./use-apps.ts";

/** Apps of the patient's own telephone, and of who follows them, that speak Nightscout. */
export function AppsSection({ one, isOnly }: { readonly one: MeBody["patients"][number]; readonly isOnly: boolean }) {
  const { patientId, timeZone } = one;
  const keys = useAppKeys(patientId);
  const end = useEndAppKey(patientId);
  const now = useNow();
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<NightscoutKeyWithSecretBody | null>(null);
  const [ending, setEnding] = useState<{ id: string; name: string } | null>(null);
  return (
    <Section
      title={isOnly ? "Diabetes apps" : `Diabetes apps of ${one.name}`}
      action={
        <Button size="xs" variant="default" onClick={() => setAdding(true)}>
          Connect an app
        </Button>
      }
    >
      {keys.isPending ? (
        <Loading what="Loading apps" />
      ) : keys.isError ? (
        <Failed error={keys.error} retry={() => keys.refetch()} />
      ) : keys.data.keys.length === 0 ? (
        <p style={{ margin: "0.8rem 0.6rem" }}>
          None. xDrip+, AndroidAPS, Loop and apps of followers can be connected as they are to Nightscout.
        </p>
      ) : (
        <Rows
          minWidth={420}
          head={
            <>
              <Table.Th>App</Table.Th>
              <Table.Th>Connected</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {keys.data.keys.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td data-lead>
                <b>{key.name}</b>
                <br />
                <small>
                  {key.deviceId === null ? "reads" : "reads and uploads"}
                  {!key.isMine && `, connected by ${key.madeBy}`}
                </small>
              </Table.Td>
              <Table.Td data-label="Connected">{formatWhen(key.createdAt, now, timeZone)}</Table.Td>
              <Table.Td data-label="Last used">
                {key.usedAt === null ? "not yet" : formatWhen(key.usedAt, now, timeZone)}
              </Table.Td>
              <Table.Td data-do align="right">
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`Disconnect ${key.name}`}
                  onClick={() => setEnding(key)}
                >
                  Disconnect
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {isAdding && (
        <AppDialog
          patientId={patientId}
          mayUpload={keys.data?.mayUpload ?? false}
          onClose={() => setAdding(false)}
          onDone={(done) => {
            setAdding(false);
            setMade(done);
          }}
        />
      )}
      {made && <AppShown made={made} onClose={() => setMade(null)} />}
      <Confirm
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
        title={`Disconnect ${ending?.name ?? "the app"}`}
        action="Disconnect"
        isDangerous
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => ending && end.mutate(ending.id, { onSuccess: () => setEnding(null) })}
      >
        <b>{ending?.name}</b> gets nothing more from here, and what it uploads is not taken any more: the ward does not
        see its glucose from then on. What it brought until now stays.
      </Confirm>
    </Section>
  );
}
