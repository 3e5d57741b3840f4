import { Button, Checkbox, Group, Modal, Select, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import type { ApplicationBody } from "@openward/api";
import { useState } from "react";
import { Problem } from "../parts/problem.tsx";
import { KeysField } from "./keys-field.tsx";
import type { Registered } from "./registered-shown.tsx";
import { keysOf, kindWord, linesOf, scopesFor, scopeText } from "./scopes.ts";
import { useAddApplication } from "./use-applications.ts";

type Kind = ApplicationBody["kind"];
const KINDS = Object.keys(kindWord) as Kind[];

/** An application of another maker, with the most that it can ever get. */
export function RegisterDialog(props: { readonly onClose: () => void; readonly onDone: (made: Registered) => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("public");
  const [redirects, setRedirects] = useState("");
  const [launch, setLaunch] = useState("");
  const [keys, setKeys] = useState("");
  const [ticked, setTicked] = useState<string[]>([]);
  const [typed, setTyped] = useState("");
  const [mayIntrospect, setMayIntrospect] = useState(false);
  const add = useAddApplication();
  const isBackend = kind === "backend";
  const hasKeys = kind === "key" || isBackend;
  const given = hasKeys ? keysOf(keys) : {};
  const scope = scopeText(ticked, typed);
  const isReady =
    name.trim() !== "" &&
    scope !== "" &&
    (isBackend || linesOf(redirects).length > 0) &&
    given !== undefined &&
    (!hasKeys || keys.trim() !== "");
  return (
    <Modal opened onClose={props.onClose} title="Register application" size="lg">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!isReady) return;
          const launchUri = launch.trim();
          add.mutate(
            {
              name: name.trim(),
              kind,
              scope,
              redirectUris: isBackend ? [] : linesOf(redirects),
              mayIntrospect,
              ...(launchUri === "" || isBackend ? {} : { launchUri }),
              ...given,
            },
            { onSuccess: props.onDone },
          );
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="What people read when they are asked"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            maxLength={120}
            required
            data-autofocus
          />
          <Select
            label="It runs"
            data={KINDS.map((value) => ({ value, label: kindWord[value] }))}
            value={kind}
            onChange={(value) => {
              setKind((value ?? "public") as Kind);
              setTicked([]);
            }}
            allowDeselect={false}
          />
          {!isBackend && (
            <>
              <Textarea
                label="Where people are sent back to"
                description="One address a line, to the letter; https, or http on this machine"
                placeholder="https://app.example/back"
                value={redirects}
                onChange={(e) => setRedirects(e.currentTarget.value)}
                autosize
                minRows={1}
                maxRows={5}
                required
              />
              <TextInput
                label="Where it is opened from a patient's page"
                description="Left empty: it is not"
                placeholder="https://app.example/launch"
                value={launch}
                onChange={(e) => setLaunch(e.currentTarget.value)}
              />
            </>
          )}
          {hasKeys && <KeysField value={keys} onChange={setKeys} />}
          <Checkbox.Group
            label="The most that it may ask to"
            description={
              isBackend ? "It gets this without anybody being asked" : "Each person is asked, and may give less"
            }
            value={ticked}
            onChange={setTicked}
            required
          >
            <Stack gap={6} mt={6}>
              {scopesFor(kind).map((one) => (
                <Checkbox key={one.scope} value={one.scope} label={one.words} description={one.scope} />
              ))}
            </Stack>
          </Checkbox.Group>
          <TextInput
            label="Other scopes"
            placeholder="patient/Device.rs"
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
          />
          <Switch
            label="It may ask what tokens of other applications are worth"
            checked={mayIntrospect}
            onChange={(e) => setMayIntrospect(e.currentTarget.checked)}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              Register
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
