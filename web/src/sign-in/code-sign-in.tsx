import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ask } from "../app/api.ts";
import { sessionQuery } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";

/** For who cannot have a passkey; folded until somebody wants it. */
export function CodeSignIn({ onError }: { readonly onError: (error: unknown) => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const signIn = useMutation({
    mutationFn: () => ask("signInWithCodes", { body: { name: name.trim(), password, code: code.trim() } }),
    onMutate: () => onError(null),
    onError(error) {
      // A code counts once: the next try wants the next one.
      setCode("");
      onError(error);
    },
    async onSuccess(session) {
      monitor.observe(session.serverTime);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: "/", replace: true });
    },
  });
  if (!isOpen)
    return (
      <Button
        fullWidth
        variant="default"
        mb="sm"
        px="xs"
        h="auto"
        mih={36}
        py={6}
        styles={{ label: { whiteSpace: "normal" } }}
        onClick={() => setOpen(true)}
      >
        Sign in with password and code
      </Button>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <Stack gap="sm" mb="md">
        <TextInput
          label="Sign-in name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          maxLength={256}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <TextInput
          label="Code of your authenticator app, or a recovery code"
          autoComplete="one-time-code"
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button
          type="submit"
          loading={signIn.isPending}
          disabled={!name.trim() || password === "" || code.trim().length < 6}
        >
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
