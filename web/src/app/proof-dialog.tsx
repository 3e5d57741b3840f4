import { Alert, Button, Group, Modal, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { authenticatorText, proveWithPasskey } from "../account/use-account.ts";
import { Problem } from "../parts/problem.tsx";
import { type Answer, ask, onProofNeeded } from "./api.ts";

/** Comes up where the server wants to know once more that it is the person who signed in. */
export function ProofDialog() {
  const [ways, setWays] = useState<Answer<"proofChallenge"> | null>(null);
  const waiting = useRef<((isShown: boolean) => void)[]>([]);

  useEffect(
    () =>
      onProofNeeded(
        () =>
          new Promise((resolve, reject) => {
            waiting.current.push(resolve);
            // Several that are refused at once share one dialog.
            if (waiting.current.length > 1) return;
            ask("proofChallenge").then(setWays, (error: unknown) => {
              waiting.current = [];
              reject(error);
            });
          }),
      ),
    [],
  );

  const end = (isShown: boolean) => {
    setWays(null);
    for (const resolve of waiting.current.splice(0)) resolve(isShown);
  };
  return (
    <Modal opened={ways !== null} onClose={() => end(false)} title="Is it you?">
      {ways && <Ways ways={ways} onShown={() => end(true)} onCancel={() => end(false)} />}
    </Modal>
  );
}

interface WaysProps {
  readonly ways: Answer<"proofChallenge">;
  readonly onShown: () => void;
  readonly onCancel: () => void;
}

function Ways({ ways, onShown, onCancel }: WaysProps) {
  const byPasskey = useMutation({
    async mutationFn() {
      // Its challenge may have been used or grown old: each try has its own.
      const { passkey } = await ask("proofChallenge");
      if (passkey) await proveWithPasskey(passkey);
    },
    onSuccess: onShown,
  });
  const refused = authenticatorText(byPasskey.error);
  const hasNone = ways.passkey === null && !ways.hasCodes;
  return (
    <Stack gap="md">
      <p style={{ margin: 0 }}>
        {hasNone
          ? "This wants a passkey, or a password with codes: set one up under Passkeys and sign-in, or sign in with a new link."
          : "What you are about to do gives or takes access. Show that it is you."}
      </p>
      {ways.passkey && (
        <Button
          leftSection={<IconFingerprint size={20} />}
          loading={byPasskey.isPending}
          onClick={() => byPasskey.mutate()}
        >
          Use your passkey
        </Button>
      )}
      {refused ? (
        <Alert color="red" variant="light" role="alert">
          {refused}
        </Alert>
      ) : (
        <Problem error={byPasskey.error} />
      )}
      {ways.hasCodes && <ByCodes onShown={onShown} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}

function ByCodes({ onShown }: { readonly onShown: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useMutation({
    mutationFn: () => ask("prove", { body: { password, code: code.trim() } }),
    onSuccess: onShown,
    onError: () => setCode(""),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        prove.mutate();
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
        <Problem error={prove.error} />
        <Button type="submit" loading={prove.isPending} disabled={password === "" || code.trim().length < 6}>
          Show that it is me
        </Button>
      </Stack>
    </form>
  );
}
