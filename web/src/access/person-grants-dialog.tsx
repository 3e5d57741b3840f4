import { Button, Group, Modal, Stack, Switch } from "@mantine/core";
import type { GrantBody, PersonBody } from "@openward/api";
import { IconEyeOff, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useWards } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { usePatients } from "../patients/use-patients.ts";
import { GrantDialog } from "./grant-dialog.tsx";
import { GrantsTable } from "./grants-table.tsx";
import { usePersonGrants } from "./use-grants.ts";
import { reachText } from "./words.ts";

/** Whom a person may see, and why; giving and ending it. */
export function PersonGrantsDialog(props: {
  readonly person: PersonBody;
  readonly zone: string;
  readonly onClose: () => void;
}) {
  const { person, zone, onClose } = props;
  const [withEnded, setWithEnded] = useState(false);
  const [isGiving, setGiving] = useState(false);
  const grants = usePersonGrants(person.id, withEnded);
  const wards = useWards().data ?? [];
  const patients = usePatients("", true).data ?? [];
  const nameOf = (id: string) => patients.find((one) => one.id === id)?.name;
  const whom = ({ reach }: GrantBody) => reachText(reach, wards, nameOf);
  return (
    <>
      <Modal opened={!isGiving} onClose={onClose} title={`Whom ${person.display} may see`} size="72rem">
        <Stack gap="sm">
          {grants.isPending ? (
            <Loading what="Loading permissions" />
          ) : grants.isError ? (
            <Failed error={grants.error} retry={() => grants.refetch()} />
          ) : grants.data.length === 0 ? (
            <Empty title="Nobody" icon={<IconEyeOff size={40} stroke={1.3} />}>
              <p>Without a permission {person.display} sees no patient.</p>
            </Empty>
          ) : (
            <GrantsTable grants={grants.data} zone={zone} subject="whom" whom={whom} />
          )}
          <Group justify="space-between">
            <Switch
              label="Also ended"
              checked={withEnded}
              onChange={(event) => setWithEnded(event.currentTarget.checked)}
            />
            <Group>
              <Button variant="default" onClick={onClose}>
                Close
              </Button>
              <Button leftSection={<IconPlus size={17} />} onClick={() => setGiving(true)}>
                Let see
              </Button>
            </Group>
          </Group>
        </Stack>
      </Modal>
      {isGiving && <GrantDialog person={person} zone={zone} onClose={() => setGiving(false)} />}
    </>
  );
}
