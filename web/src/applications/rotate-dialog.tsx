import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ApplicationBody } from "@openward/api";
import { useState } from "react";
import { Problem } from "../parts/problem.tsx";
import { KeysField } from "./keys-field.tsx";
import type { Registered } from "./registered-shown.tsx";
import { keysOf } from "./scopes.ts";
import { useRotateApplication } from "./use-applications.ts";

/** A new secret, or new keys: the old ones are worth nothing from then on. */
export function RotateDialog(props: {
  readonly one: ApplicationBody;
  readonly onClose: () => void;
  readonly onDone: (made: Registered) => void;
}) {
  const { one, onClose, onDone } = props;
  const [keys, setKeys] = useState("");
  const rotate = useRotateApplication(one.id);
  const isSecret = one.kind === "secret";
  const given = keysOf(keys);
  const isReady = isSecret || (given !== undefined && keys.trim() !== "");
  return (
    <Modal opened onClose={onClose} title={`${isSecret ? "New secret" : "New keys"} of ${one.name}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isReady) rotate.mutate(isSecret ? {} : (given ?? {}), { onSuccess: onDone });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            {isSecret ? "The secret" : "The keys"} that <b>{one.name}</b> has now {isSecret ? "is" : "are"} worth
            nothing from then on: it gets no tokens until it has the new {isSecret ? "one" : "ones"}.
          </p>
          {!isSecret && <KeysField value={keys} onChange={setKeys} />}
          <Problem error={rotate.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={rotate.isPending} disabled={!isReady}>
              {isSecret ? "Make a new secret" : "Take the new keys"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
