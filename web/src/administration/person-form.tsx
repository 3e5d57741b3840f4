import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
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
      isPending={add.isPending}
      error={add.error}
      onClose={props.onClose}
      onSubmit={(person) => add.mutate(person, { onSuccess: props.onAdded })}
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
  readonly onSubmit: (person: { display: string; role: Role }) => void;
}

function PersonForm({ title, action, note, initial, isPending, error, onClose, onSubmit }: FormProps) {
  const [display, setDisplay] = useState(initial.display);
  const [role, setRole] = useState<Role>(initial.role);
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (display.trim()) onSubmit({ display: display.trim(), role });
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
