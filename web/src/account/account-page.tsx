import { Alert, Button, Group, Stack, Table, TextInput } from "@mantine/core";
import { IconFingerprint, IconLogout } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { ask } from "../app/api.ts";
import { useMay, useNow, useTitle } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Failed, Loading, Page } from "../app/pages.tsx";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { ApplicationsSection } from "./applications-section.tsx";
import { BadgeSection } from "./badge-section.tsx";
import { CodesSection } from "./codes-section.tsx";
import { ExternalSection } from "./external-section.tsx";
import { ScreenLockSection } from "./screen-lock-section.tsx";
import {
  authenticatorText,
  useAbout,
  useAddPasskey,
  useEndSession,
  usePasskeys,
  useRemovePasskey,
  useSessions,
} from "./use-account.ts";

// A person's own clock: these are their devices, and not the ward's.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What one signs in with, and where one is signed in. */
export function AccountPage() {
  useTitle("Sign-in");
  return (
    <Page title="Sign-in" narrow>
      <Passkeys />
      <CodesSection />
      <ExternalSection />
      <ScreenLockSection />
      {useMay("clinical") && <BadgeSection />}
      <Sessions />
      <ApplicationsSection />
    </Page>
  );
}

function Passkeys() {
  const passkeys = usePasskeys();
  const remove = useRemovePasskey();
  const now = useNow();
  return (
    <Section title="Passkeys" action={null}>
      <Stack gap="sm" p="md">
        <AddPasskey isFirst={passkeys.data?.length === 0} />
        <Problem error={remove.error} />
      </Stack>
      {passkeys.isPending ? (
        <Loading what="Loading passkeys" />
      ) : passkeys.isError ? (
        <Failed error={passkeys.error} retry={() => passkeys.refetch()} />
      ) : (
        passkeys.data.length > 0 && (
          <Rows
            minWidth={420}
            head={
              <>
                <Table.Th>Passkey</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th aria-label="Actions" />
              </>
            }
          >
            {passkeys.data.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td data-lead>
                  <b>{one.name}</b>
                  {one.isSynced && <small> on your other devices too</small>}
                </Table.Td>
                <Table.Td data-label="Last used">
                  {one.lastUsedAt === null ? "not yet" : formatWhen(one.lastUsedAt, now, zone)}
                </Table.Td>
                <Table.Td data-do align="right">
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={`Remove ${one.name}`}
                    onClick={() => remove.mutate(one.id)}
                  >
                    Remove
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )
      )}
    </Section>
  );
}

function AddPasskey({ isFirst }: { readonly isFirst: boolean }) {
  const [name, setName] = useState("");
  const add = useAddPasskey();
  const at = useAbout().data?.passkeysAt;
  if (at === null) return <p>This server has no address at which passkeys work. You sign in with links.</p>;
  if (at !== undefined && at !== location.origin)
    return (
      <p>
        Passkeys work at <a href={`${at}/sign-in`}>{at}</a>: sign in there with a link to make one.
      </p>
    );
  const refused = authenticatorText(add.error);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (name.trim()) add.mutate(name.trim(), { onSuccess: () => setName("") });
      }}
    >
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          {isFirst ? "Make a passkey, and you need no more links. " : ""}
          Your finger, face or PIN opens it; it stays on your device or security key.
        </p>
        <TextInput
          label="Name of a new passkey"
          placeholder="my phone"
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          maxLength={60}
        />
        {refused ? (
          <Alert color="red" variant="light" role="alert">
            {refused}
          </Alert>
        ) : (
          <Problem error={add.error} />
        )}
        <Group justify="flex-end">
          <Button
            type="submit"
            leftSection={<IconFingerprint size={18} />}
            loading={add.isPending}
            disabled={!name.trim()}
          >
            Make a passkey
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const methodWord = {
  link: "by link",
  passkey: "by passkey",
  codes: "by password and code",
  external: "outside",
} as const;

function Sessions() {
  const sessions = useSessions();
  const end = useEndSession();
  const now = useNow();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const everywhere = useMutation({
    mutationFn: () => ask("signOutEverywhere"),
    onSuccess() {
      monitor.ward.watch(null);
      monitor.patient.watch(null);
      queries.clear();
      void navigate({ to: "/sign-in" });
    },
  });
  return (
    <Section
      title="Where you are signed in"
      action={
        <Button
          size="sm"
          variant="default"
          leftSection={<IconLogout size={17} />}
          loading={everywhere.isPending}
          onClick={() => everywhere.mutate()}
        >
          Sign out everywhere
        </Button>
      }
    >
      <Problem error={end.error ?? everywhere.error} />
      {sessions.isPending ? (
        <Loading what="Loading sessions" />
      ) : sessions.isError ? (
        <Failed error={sessions.error} retry={() => sessions.refetch()} />
      ) : (
        <Rows
          minWidth={420}
          head={
            <>
              <Table.Th>Browser</Table.Th>
              <Table.Th>Since</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {sessions.data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td data-lead>
                <b>{one.device || "Unknown"}</b>, {methodWord[one.method]}
              </Table.Td>
              <Table.Td data-label="Since">{formatWhen(one.createdAt, now, zone)}</Table.Td>
              <Table.Td data-label="Last used">{formatWhen(one.lastUsedAt, now, zone)}</Table.Td>
              <Table.Td data-do align="right">
                {one.isThis ? (
                  <b>here</b>
                ) : (
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={`Sign out ${one.device}`}
                    onClick={() => end.mutate(one.id)}
                  >
                    Sign out
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
    </Section>
  );
}
