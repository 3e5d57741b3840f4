import { Button, Group, Modal, Select, Stack, Table, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { GlassQueue } from "../access/glass-queue.tsx";
import { useMay, useTitle, useWards } from "../app/hooks.ts";
import { Empty, Page } from "../app/pages.tsx";
import { ApplicationsSection } from "../applications/applications-section.tsx";
import { FeedsSection } from "../feeds/feeds-section.tsx";
import { Problem } from "../parts/problem.tsx";
import { PeopleSection } from "./people-section.tsx";
import { ScreensSection } from "./screens-section.tsx";
import { Section } from "./section.tsx";
import { useAddWard } from "./use-people.ts";

export function AdministrationPage() {
  useTitle("Administration");
  const isAdministrator = useMay("admin");
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  if (!useMay("identities")) {
    return <Empty title="Only administrators manage people and wards" />;
  }
  return (
    <Page title="Administration" actions={<Link to="/privacy">Audit log and legal holds</Link>}>
      <PeopleSection />
      <GlassQueue zone={zone} />
      {isAdministrator && <ApplicationsSection zone={zone} />}
      {isAdministrator && <FeedsSection whose={null} title="What applications are told" zone={zone} />}
      {isAdministrator && <Wards />}
      {isAdministrator && <ScreensSection zone={zone} />}
    </Page>
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
