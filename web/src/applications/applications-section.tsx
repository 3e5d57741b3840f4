import { ActionIcon, Button, Menu, Table } from "@mantine/core";
import type { ApplicationBody } from "@openward/api";
import { IconApps, IconBan, IconDots, IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { useNow } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { RegisterDialog } from "./register-dialog.tsx";
import { type Registered, RegisteredShown } from "./registered-shown.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";
import { kindWord } from "./scopes.ts";
import { useApplications, useDisableApplication } from "./use-applications.ts";

type Doing = { readonly what: "rotate" | "disable"; readonly one: ApplicationBody } | null;

/** Applications of other makers: what each may get at most, and whether it is used. */
export function ApplicationsSection({ zone }: { readonly zone: string }) {
  const applications = useApplications();
  const [isAdding, setAdding] = useState(false);
  const [registered, setRegistered] = useState<Registered | null>(null);
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  return (
    <Section
      title="Applications"
      action={
        <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
          Register application
        </Button>
      }
    >
      {applications.isPending ? (
        <Loading what="Loading applications" />
      ) : applications.isError ? (
        <Failed error={applications.error} retry={() => applications.refetch()} />
      ) : applications.data.length === 0 ? (
        <Empty title="No application is registered" icon={<IconApps size={40} stroke={1.3} />}>
          <p>Applications of other makers read what people let them read, once they are registered here.</p>
        </Empty>
      ) : (
        <Rows
          minWidth={760}
          head={
            <>
              <Table.Th>Name</Table.Th>
              <Table.Th>May ask to</Table.Th>
              <Table.Th>Registered</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {applications.data.map((one) => (
            <Row key={one.id} one={one} zone={zone} onDo={(what) => setDoing({ what, one })} />
          ))}
        </Rows>
      )}
      {isAdding && (
        <RegisterDialog
          onClose={() => setAdding(false)}
          onDone={(made) => {
            setAdding(false);
            setRegistered(made);
          }}
        />
      )}
      {doing?.what === "rotate" && (
        <RotateDialog
          one={doing.one}
          onClose={close}
          onDone={(made) => {
            close();
            setRegistered(made);
          }}
        />
      )}
      {doing?.what === "disable" && <Disable one={doing.one} onClose={close} />}
      {registered && <RegisteredShown registered={registered} onClose={() => setRegistered(null)} />}
    </Section>
  );
}

function Row(props: {
  readonly one: ApplicationBody;
  readonly zone: string;
  readonly onDo: (what: "rotate" | "disable") => void;
}) {
  const { one, zone, onDo } = props;
  const now = useNow();
  const isOver = one.disabledAt !== null;
  return (
    <Table.Tr style={isOver ? { opacity: 0.7 } : undefined}>
      <Table.Td data-lead>
        <b>{one.name}</b>
        {one.disabledAt !== null && ` (ended ${formatWhen(one.disabledAt, now, zone)})`}
        <br />
        <small>{kindWord[one.kind]}</small>
        {one.launchUri !== null && (
          <>
            <br />
            <small>opens from a patient&rsquo;s page</small>
          </>
        )}
      </Table.Td>
      <Table.Td data-label="May ask to">
        <ul style={{ margin: 0, paddingLeft: "1.1rem" }}>
          {one.scopes.map(({ scope, words }) => (
            <li key={scope} title={scope}>
              {words}
            </li>
          ))}
        </ul>
      </Table.Td>
      <Table.Td data-label="Registered" style={{ whiteSpace: "nowrap" }}>
        {formatWhen(one.createdAt, now, zone)}
      </Table.Td>
      <Table.Td data-label="Last used" style={{ whiteSpace: "nowrap" }}>
        {one.lastUsedAt === null ? "not lately" : formatWhen(one.lastUsedAt, now, zone)}
      </Table.Td>
      <Table.Td data-do align="right">
        {!isOver && (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon variant="default" size={34} aria-label={`Actions for ${one.name}`}>
                <IconDots size={19} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {one.kind !== "public" && (
                <Menu.Item leftSection={<IconKey size={17} />} onClick={() => onDo("rotate")}>
                  {one.kind === "secret" ? "New secret" : "New keys"}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconBan size={17} />} onClick={() => onDo("disable")}>
                End
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Disable({ one, onClose }: { readonly one: ApplicationBody; readonly onClose: () => void }) {
  const disable = useDisableApplication(one.id);
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={`End ${one.name}`}
      action="End it"
      isDangerous
      isPending={disable.isPending}
      error={disable.error}
      onConfirm={() => disable.mutate(undefined, { onSuccess: onClose })}
    >
      <b>{one.name}</b> can read nothing any more, for anybody, within a second. It cannot be begun again: it would be
      registered anew.
    </Confirm>
  );
}
