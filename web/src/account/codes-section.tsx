import { Alert, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { type Answer, ask } from "../app/api.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { CopyLine } from "../parts/copy-line.tsx";
import { Problem } from "../parts/problem.tsx";
import { useCodeSignIn, useRemoveCodes } from "./use-account.ts";

/** A password with codes of an authenticator app, for who cannot have a passkey. */
export function CodesSection() {
  const codes = useCodeSignIn();
  const remove = useRemoveCodes();
  const [recovery, setRecovery] = useState<readonly string[] | null>(null);
  return (
    <Section title="Password and codes" action={null}>
      <Stack gap="sm" p="md">
        {recovery && <RecoveryCodes codes={recovery} onDone={() => setRecovery(null)} />}
        {codes.isPending ? (
          <Loading what="Loading" />
        ) : codes.isError ? (
          <Failed error={codes.error} retry={() => codes.refetch()} />
        ) : codes.data.signInName === null ? (
          <Enrol onCodes={setRecovery} />
        ) : (
          <>
            <CopyLine label="Your sign-in name" text={codes.data.signInName} />
            <p style={{ margin: 0 }}>
              {codes.data.recoveryCodesLeft === 0
                ? "No recovery codes are left: remove this and set it up again."
                : `${codes.data.recoveryCodesLeft} recovery codes are left.`}
            </p>
            <Problem error={remove.error} />
            <Group justify="flex-end">
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Remove password and codes
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Section>
  );
}

function Enrol({ onCodes }: { readonly onCodes: (codes: readonly string[]) => void }) {
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: () => ask("beginCodeSignIn", { body: { password } }) });
  const confirm = useMutation({
    mutationFn: () => ask("confirmCodeSignIn", { body: { code: code.trim() } }),
    onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes),
    onSettled: () => queries.invalidateQueries({ queryKey: ["codes"] }),
  });
  if (begin.data)
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <Stack gap="sm">
          <AppSecret enrolment={begin.data} />
          <TextInput
            label="Code that the app shows"
            autoComplete="one-time-code"
            inputMode="numeric"
            maxLength={6}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Problem error={confirm.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={confirm.isPending} disabled={!/^\d{6}$/.test(code.trim())}>
              Finish
            </Button>
          </Group>
        </Stack>
      </form>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate();
      }}
    >
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          Where no passkey is possible: a password and a code of an authenticator app, both each time.
        </p>
        <PasswordInput
          label="New password"
          description="12 characters at least. A sentence is good."
          autoComplete="new-password"
          maxLength={256}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Problem error={begin.error} />
        <Group justify="flex-end">
          <Button type="submit" variant="default" loading={begin.isPending} disabled={password.length < 12}>
            Set up password and codes
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function AppSecret({ enrolment }: { readonly enrolment: Answer<"beginCodeSignIn"> }) {
  return (
    <>
      <CopyLine label="Your sign-in name" text={enrolment.signInName} />
      <p style={{ margin: 0 }}>Scan this with your authenticator app, or type the secret into it.</p>
      <img
        src={enrolment.picture}
        alt="QR code of the secret for your authenticator app"
        width={200}
        height={200}
        style={{ background: "#fff", borderRadius: 8 }}
      />
      <CopyLine label="Secret" text={enrolment.secret} />
    </>
  );
}

function RecoveryCodes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <Alert color="teal" variant="light" title="Recovery codes">
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          Each signs in once in place of a code. They are shown now and never again: print them.
        </p>
        <CopyLine label="Recovery codes" text={codes.join("  ")} />
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={onDone}>
            I have them
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
