import { ActionIcon, Button, Menu, Table } from "@mantine/core";
import type { PersonBody } from "@openward/api";
import {
  IconDots,
  IconEye,
  IconId,
  IconLink,
  IconPencil,
  IconPlus,
  IconUserCheck,
  IconUserOff,
  IconUsers,
} from "@tabler/icons-react";
import { useState } from "react";
import { PersonGrantsDialog } from "../access/person-grants-dialog.tsx";
import { useMay, useWards } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { may, roleWord } from "../app/permissions.ts";
import { Confirm } from "../parts/confirm.tsx";
import { formatDateTime } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { BadgeDialog } from "./badge-dialog.tsx";
import { type Linked, LinkShown } from "./link-shown.tsx";
import { AddPerson, ChangePerson } from "./person-form.tsx";
import { RelateDialog } from "./relate-dialog.tsx";
import { Section } from "./section.tsx";
import { useDisable, useNewLink, usePeople } from "./use-people.ts";

type Doing = {
  readonly what: "change" | "disable" | "relate" | "grants" | "badge";
  readonly person: PersonBody;
} | null;

/** Who can sign in, and as what. */
export function PeopleSection() {
  const people = usePeople();
  const mayChange = useMay("admin");
  const [isAdding, setAdding] = useState(false);
  const [linked, setLinked] = useState<Linked | null>(null);
  const [doing, setDoing] = useState<Doing>(null);
  const newLink = useNewLink();
  const enable = useDisable("enablePerson");
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const close = () => setDoing(null);
  return (
    <Section
      title="People"
      action={
        mayChange && (
          <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
            Add person
          </Button>
        )
      }
    >
      <Problem error={newLink.error ?? enable.error} />
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
          {people.data.map((person) => (
            <Table.Tr key={person.id}>
              <Table.Td data-lead>
                <b>{person.display}</b>
                {person.disabledAt !== null && " (may not sign in)"}
              </Table.Td>
              <Table.Td data-label="Role">{roleWord[person.role]}</Table.Td>
              <Table.Td data-label="Since">{formatDateTime(person.createdAt, zone)}</Table.Td>
              <Table.Td data-do align="right">
                {mayChange && (
                  <PersonMenu
                    person={person}
                    onDo={(what) => setDoing({ what, person })}
                    onLink={() => newLink.mutate(person.id, { onSuccess: setLinked })}
                    onEnable={() => enable.mutate(person.id)}
                  />
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
      {doing?.what === "change" && <ChangePerson person={doing.person} onClose={close} />}
      {doing?.what === "relate" && <RelateDialog person={doing.person} onClose={close} />}
      {doing?.what === "grants" && <PersonGrantsDialog person={doing.person} zone={zone} onClose={close} />}
      {doing?.what === "badge" && <BadgeDialog person={doing.person} onClose={close} />}
      {doing?.what === "disable" && <DisablePerson person={doing.person} onClose={close} />}
    </Section>
  );
}

function PersonMenu(props: {
  readonly person: PersonBody;
  readonly onDo: (what: "change" | "disable" | "relate" | "grants" | "badge") => void;
  readonly onLink: () => void;
  readonly onEnable: () => void;
}) {
  const { person, onDo, onLink, onEnable } = props;
  const isBeside = person.role === "patient" || person.role === "family";
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size={34} aria-label={`Actions for ${person.display}`}>
          <IconDots size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {person.disabledAt === null && (
          <Menu.Item leftSection={<IconLink size={17} />} onClick={onLink}>
            New sign-in link
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconPencil size={17} />} onClick={() => onDo("change")}>
          Change name, role or e-mail
        </Menu.Item>
        <Menu.Item leftSection={<IconEye size={17} />} onClick={() => onDo("grants")}>
          Whom they may see
        </Menu.Item>
        {may(person.role, "clinical") && person.disabledAt === null && (
          <Menu.Item leftSection={<IconId size={17} />} onClick={() => onDo("badge")}>
            Badge number
          </Menu.Item>
        )}
        {isBeside && person.disabledAt === null && (
          <Menu.Item leftSection={<IconUsers size={17} />} onClick={() => onDo("relate")}>
            Relate to a patient
          </Menu.Item>
        )}
        {person.disabledAt === null ? (
          <Menu.Item leftSection={<IconUserOff size={17} />} onClick={() => onDo("disable")}>
            Let in no more
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconUserCheck size={17} />} onClick={onEnable}>
            Let in again
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function DisablePerson({ person, onClose }: { readonly person: PersonBody; readonly onClose: () => void }) {
  const disable = useDisable("disablePerson");
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title="Let in no more"
      action="Let in no more"
      isDangerous
      isPending={disable.isPending}
      error={disable.error}
      onConfirm={() => disable.mutate(person.id, { onSuccess: onClose })}
    >
      <b>{person.display}</b>, {roleWord[person.role].toLowerCase()}: their screens close at once, and links that they
      have do not work any more. What they did stays recorded.
    </Confirm>
  );
}
