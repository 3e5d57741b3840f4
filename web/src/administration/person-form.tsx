import { Button, Checkbox, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import { useState } from "react";
import { type Role, roleWord } from "../app/permissions.ts";
import { Problem } from "../parts/problem.tsx";
import type { Linked } from "./link-shown.tsx";
import { useAddPerson, useChangePerson } from "./use-people.ts";

/** A program is no person: its tokens are issued on the command line. */
const ROLES_OF_PEOPLE = (Object.keys(roleWord) as Role[]).filter((role) => role !== "integration");

export function AddPerson(props: { readonly onClose: () => void; readonly onAdded: (added: Linked) => void }) {
  const add = useAddPerson();
  return (
    <PersonForm
      title="Add person"
      action="Add and make a sign-in link"
      initial={{ display: "", role: "nurse" }}
      isNew
      isPending={add.isPending}
      error={add.error}
      onClose={props.onClose}
      onSubmit={({ email, ...person }) =>
        add.mutate(
          { ...person, ...(email ? { email } : {}) },
          { onSuccess: (added) => props.onAdded({ ...added, email: email ?? undefined }) },
        )
      }
    />
  );
}

export function ChangePerson({ person, onClose }: { readonly person: PersonBody; readonly onClose: () => void }) {
  const change = useChangePerson(person.id);
  return (
    <PersonForm
      title={`Change ${person.display}`}
      action="Save"
      note="A new role holds at once, on screens that are open too."
      initial={person}
      isPending={change.isPending}
      error={change.error}
      onClose={onClose}
      onSubmit={(body) => change.mutate(body, { onSuccess: onClose })}
    />
  );
}

interface FormProps {
  readonly title: string;
  readonly action: string;
  readonly note?: string;
  readonly initial: { readonly display: string; readonly role: Role };
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onClose: () => void;
  readonly isNew?: boolean;
  /** `email` left out: as it is; null: none any more. */
  readonly onSubmit: (person: { display: string; role: Role; email?: string | null }) => void;
}

function PersonForm({ title, action, note, initial, isNew = false, isPending, error, onClose, onSubmit }: FormProps) {
  const [display, setDisplay] = useState(initial.display);
  const [role, setRole] = useState<Role>(initial.role);
  const [email, setEmail] = useState("");
  const [isWithout, setWithout] = useState(false);
  const address = isWithout ? null : email.trim() || undefined;
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (display.trim())
            onSubmit({ display: display.trim(), role, ...(address === undefined ? {} : { email: address }) });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            value={display}
            onChange={(e) => setDisplay(e.currentTarget.value)}
            maxLength={120}
            required
            data-autofocus
          />
          <Select
            label="Role"
            description={note}
            data={ROLES_OF_PEOPLE.map((value) => ({ value, label: roleWord[value] }))}
            value={role}
            onChange={(value) => setRole((value ?? "nurse") as Role)}
            allowDeselect={false}
          />
          <TextInput
            type="email"
            label="E-mail"
            description={`For mails that nobody watches a patient of theirs, or them. It is shown nowhere.${isNew ? "" : " Left empty it stays as it is."}`}
            autoComplete="off"
            value={email}
            onChange={(e) => setEmail(e.currentTarget.value)}
            maxLength={254}
            disabled={isWithout}
          />
          {!isNew && (
            <Checkbox
              label="Remove the address that is set"
              checked={isWithout}
              onChange={(e) => setWithout(e.currentTarget.checked)}
            />
          )}
          <Problem error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={!display.trim()}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
