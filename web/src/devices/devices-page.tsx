import { Button, Switch, TextInput } from "@mantine/core";
import { IconDeviceWatch, IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useTitle } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { AddDeviceDialog } from "./add-device-dialog.tsx";
import { DeviceTable } from "./device-table.tsx";
import { useDevices } from "./use-devices.ts";

export function DevicesPage() {
  useTitle("Devices");
  const devices = useDevices();
  const mayAdd = useMay("fleet");
  const [isAdding, setAdding] = useState(false);
  const [q, setQ] = useState("");
  const [withRevoked, setWithRevoked] = useState(false);
  const wanted = q.trim().toLowerCase();
  const rows = (devices.data ?? []).filter(
    (d) =>
      (withRevoked || d.revokedAt === null) &&
      `${d.id} ${d.display} ${d.typeDisplay} ${d.patient?.name ?? ""} ${d.patient?.mrn ?? ""}`
        .toLowerCase()
        .includes(wanted),
  );
  return (
    <Page
      title="Devices"
      actions={
        <>
          <TextInput
            aria-label="Search devices"
            placeholder="Id, name or patient"
            leftSection={<IconSearch size={17} />}
            value={q}
            onChange={(e) => setQ(e.currentTarget.value)}
          />
          <Switch
            label="Also revoked"
            checked={withRevoked}
            onChange={(e) => setWithRevoked(e.currentTarget.checked)}
          />
          {mayAdd && (
            <Button leftSection={<IconPlus size={18} />} onClick={() => setAdding(true)}>
              Add device
            </Button>
          )}
        </>
      }
    >
      <Card>
        {devices.isPending ? (
          <Loading what="Loading devices" />
        ) : devices.isError && !devices.data ? (
          <Failed error={devices.error} retry={() => devices.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title={wanted ? "No such device" : "No devices yet"} icon={<IconDeviceWatch size={44} stroke={1.3} />}>
            {!wanted && <p>Add one: you get its id and token, and two lines that send a first reading.</p>}
          </Empty>
        ) : (
          <DeviceTable devices={rows} />
        )}
      </Card>
      {mayAdd && <AddDeviceDialog isOpen={isAdding} onClose={() => setAdding(false)} />}
    </Page>
  );
}
