import { Alert, Button, Group, Modal, Select, Stack, Table, TextInput } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import { IconLink, IconPlus } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useMay, useNow, useTitle, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { type Role, roleWord } from "../app/permissions.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { formatDateTime, formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { useAddPerson, useAddWard, useNewLink, usePeople } from "./use-people.ts";

export function AdministrationPage() {
  useTitle("Administration");
  if (!useMay("admin")) {
    return <Empty title="Only administrators manage people and wards" />;
  }
  return (
    <Page title="Administration">
      <People />
      <Wards />
    </Page>
  );
}

interface Linked {
  readonly person: PersonBody;
  readonly link: string;
  readonly expiresAt: number;
}

function People() {
  const people = usePeople();
  const [isAdding, setAdding] = useState(false);
  const [linked, setLinked] = useState<Linked | null>(null);
  const newLink = useNewLink();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  return (
    <Section
      title="People"
      action={
        <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
          Add person
        </Button>
      }
    >
      <Problem error={newLink.error} />
      {people.isPending ? (
        <Loading what="Loading people" />
      ) : people.isError ? (
        <Failed error={people.error} retry={() => people.refetch()} />
      ) : (
        <Rows
          minWidth={520}
          head={
            <>
              <Table.Th>Name</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>Since</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {people.data.map((p) => (
            <Table.Tr key={p.id}>
              <Table.Td data-lead>
                <b>{p.display}</b>
                {p.disabledAt !== null && " (disabled)"}
              </Table.Td>
              <Table.Td data-label="Role">{roleWord[p.role]}</Table.Td>
              <Table.Td data-label="Since">{formatDateTime(p.createdAt, zone)}</Table.Td>
              <Table.Td data-do align="right">
                {p.disabledAt === null && (
                  <Button
                    size="xs"
                    variant="default"
                    leftSection={<IconLink size={16} />}
                    aria-label={`New sign-in link for ${p.display}`}
                    onClick={() => newLink.mutate(p.id, { onSuccess: setLinked })}
                  >
                    New sign-in link
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {isAdding && (
        <AddPerson
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false);
            setLinked(added);
          }}
        />
      )}
      {linked && <LinkShown linked={linked} onClose={() => setLinked(null)} zone={zone} />}
    </Section>
  );
}

function AddPerson({ onClose, onAdded }: { readonly onClose: () => void; readonly onAdded: (added: Linked) => void }) {
  const [display, setDisplay] = useState("");
  const [role, setRole] = useState<Role>("nurse");
  const add = useAddPerson();
  return (
    <Modal opened onClose={onClose} title="Add person">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (display.trim()) add.mutate({ display: display.trim(), role }, { onSuccess: onAdded });
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
            data={(["nurse", "clinical-engineer", "administrator"] as const).map((value) => ({
              value,
              label: roleWord[value],
            }))}
            value={role}
            onChange={(value) => setRole((value ?? "nurse") as Role)}
            allowDeselect={false}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!display.trim()}>
              Add and make a sign-in link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function LinkShown({
  linked,
  onClose,
  zone,
}: {
  readonly linked: Linked;
  readonly onClose: () => void;
  readonly zone: string;
}) {
  const now = useNow();
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Sign-in link for ${linked.person.display}`}
      size="lg"
      closeOnClickOutside={false}
    >
      <Stack>
        <Alert variant="light" icon={<IconLink size={20} />} title="The link is shown once">
          It works once, until {formatWhen(linked.expiresAt, now, zone)}. Whoever has it signs in as{" "}
          {linked.person.display}, {roleWord[linked.person.role].toLowerCase()}: hand it over in person.
        </Alert>
        <CopyLine label="Sign-in link" text={linked.link} />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Wards() {
  const wards = useWards();
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title="Wards"
      action={
        <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
          Add ward
        </Button>
      }
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Time zone</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(wards.data ?? []).map((w) => (
            <Table.Tr key={w.id}>
              <Table.Td>
                <b>{w.name}</b>
              </Table.Td>
              <Table.Td>{w.timeZone}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {isAdding && <AddWard onClose={() => setAdding(false)} />}
    </Section>
  );
}

function AddWard({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [timeZone, setTimeZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const add = useAddWard();
  return (
    <Modal opened onClose={onClose} title="Add ward">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim()) add.mutate({ name: name.trim(), timeZone }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            maxLength={80}
            required
            data-autofocus
          />
          <Select
            label="Time zone"
            description="Times of the ward and of patients admitted here"
            data={[...new Set([timeZone, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
            value={timeZone}
            onChange={(value) => value && setTimeZone(value)}
            searchable
            allowDeselect={false}
            limit={80}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
              Add ward
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Section({
  title,
  action,
  children,
}: {
  readonly title: string;
  readonly action: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <>
      <Group justify="space-between" mb="xs" mt="md">
        <h2 style={{ margin: 0, fontSize: "1.15rem" }}>{title}</h2>
        {action}
      </Group>
      <Card>{children}</Card>
    </>
  );
}
