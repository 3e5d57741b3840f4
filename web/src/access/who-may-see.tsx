import { Button, Group, Switch } from "@mantine/core";
import type { GrantBody, PatientBody } from "@openward/api";
import { IconEyeOff, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";
import { GrantDialog } from "./grant-dialog.tsx";
import { GrantsTable } from "./grants-table.tsx";
import { usePatientGrants } from "./use-grants.ts";
import { reachText } from "./words.ts";

/** "Who may see this patient": every permission that shows them, and for whoever manages, the way to give and to end one. */
export function WhoMaySee({ patient }: { readonly patient: PatientBody }) {
  const [withEnded, setWithEnded] = useState(false);
  const [isGiving, setGiving] = useState(false);
  const grants = usePatientGrants(patient.id, withEnded);
  const wards = useWards().data ?? [];
  const mayGive = useMay("admin");
  const whom = ({ reach }: GrantBody) => reachText(reach, wards, () => patient.name);
  return (
    <>
      <Group justify="space-between" mb="xs">
        <h2 style={{ margin: 0, fontSize: "1.1rem" }}>Who may see this patient</h2>
        <Group gap="sm">
          <Switch
            label="Also ended"
            checked={withEnded}
            onChange={(event) => setWithEnded(event.currentTarget.checked)}
          />
          {mayGive && (
            <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setGiving(true)}>
              Let somebody see
            </Button>
          )}
        </Group>
      </Group>
      <Card label="Who may see this patient">
        {grants.isPending ? (
          <Loading what="Loading who may see this patient" />
        ) : grants.isError && !grants.data ? (
          <Failed error={grants.error} retry={() => grants.refetch()} />
        ) : grants.data.length === 0 ? (
          <Empty title="Nobody may see this patient" icon={<IconEyeOff size={40} stroke={1.3} />} />
        ) : (
          <GrantsTable grants={grants.data} zone={patient.timeZone} subject="who" whom={whom} />
        )}
      </Card>
      {isGiving && <GrantDialog patient={patient} zone={patient.timeZone} onClose={() => setGiving(false)} />}
    </>
  );
}
