import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint, IconLock } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { authenticatorText, unlockWithPasskey } from "../account/use-account.ts";
import { Problem } from "../parts/problem.tsx";
import classes from "../sign-in/sign-in.module.css";
import { type Answer, ask, isSignedOut } from "./api.ts";
import { monitor } from "./monitor.ts";

type Ways = Answer<"unlockWays">;

/** Every page begins anew: what had been refused while it was locked is asked again. */
const open = () => location.reload();

/** In place of every page, of which nothing stays: neither drawn nor in memory. */
export function LockScreen() {
  const queries = useQueryClient();
  const ways = useQuery({ queryKey: ["unlock"], queryFn: () => ask("unlockWays"), retry: false, gcTime: 0 });
  useEffect(() => {
    monitor.ward.watch(null);
    monitor.patient.watch(null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "unlock" });
  }, [queries]);
  const hasEnded = isSignedOut(ways.error);
  useEffect(() => {
    // The session has ended meanwhile: there is nothing to open.
    if (hasEnded) open();
  }, [hasEnded]);
  const signOut = useMutation({ mutationFn: () => ask("signOut"), onSettled: open });
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <IconLock size={44} aria-hidden />
        <h1>Locked</h1>
        <p role="status">This screen does not monitor anybody while it is locked.</p>
        {ways.data && <Open ways={ways.data} onOpen={open} />}
        <Problem error={ways.error} />
        <Button fullWidth variant="default" mt="md" loading={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </div>
    </main>
  );
}

function Open({ ways, onOpen }: { readonly ways: Ways; readonly onOpen: () => void }) {
  const byPasskey = useMutation({
    async mutationFn() {
      const { passkey } = await ask("unlockWays");
      if (passkey) await unlockWithPasskey(passkey);
    },
    onSuccess: onOpen,
  });
  const refused = authenticatorText(byPasskey.error);
  return (
    <Stack gap="md">
      <p style={{ margin: 0 }}>
        <b>{ways.display}</b> can open it.
      </p>
      {ways.passkey && (
        <Button
          leftSection={<IconFingerprint size={20} />}
          loading={byPasskey.isPending}
          onClick={() => byPasskey.mutate()}
        >
          Open with your passkey
        </Button>
      )}
      {refused ? (
        <Alert color="red" variant="light" role="alert">
          {refused}
        </Alert>
      ) : (
        <Problem error={byPasskey.error} />
      )}
      {ways.hasPin && <ByPin onOpen={onOpen} />}
      {ways.hasCodes && !ways.hasPin && <ByCodes onOpen={onOpen} />}
    </Stack>
  );
}

function ByPin({ onOpen }: { readonly onOpen: () => void }) {
  const [pin, setPin] = useState("");
  const unlock = useMutation({
    mutationFn: () => ask("unlock", { body: { pin } }),
    onSuccess: onOpen,
    onError: () => setPin(""),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        unlock.mutate();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="PIN"
          autoComplete="off"
          inputMode="numeric"
          maxLength={12}
          value={pin}
          onChange={(event) => setPin(event.currentTarget.value)}
        />
        <Problem error={unlock.error} />
        <Button type="submit" loading={unlock.isPending} disabled={!/^\d{6,12}$/.test(pin)}>
          Open
        </Button>
      </Stack>
    </form>
  );
}

function ByCodes({ onOpen }: { readonly onOpen: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const unlock = useMutation({
    mutationFn: () => ask("unlock", { body: { password, code: code.trim() } }),
    onSuccess: onOpen,
    onError: () => setCode(""),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        unlock.mutate();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <TextInput
          label="Code of your authenticator app"
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Problem error={unlock.error} />
        <Button type="submit" loading={unlock.isPending} disabled={password === "" || code.trim().length < 6}>
          Open
        </Button>
      </Stack>
    </form>
  );
}
