import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { DeviceState } from "@openward/api";
import { IconDeviceWatch, IconPlus, IconScan, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useTitle } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import classes from "../fleet/fleet.module.css";
import { FleetTabs } from "../fleet/fleet-tabs.tsx";
import { Pages } from "../fleet/page-buttons.tsx";
import { useFleet } from "../fleet/use-fleet.ts";
import { stateWord } from "../fleet/words.ts";
import { ScanDialog } from "../parts/scan/scan-dialog.tsx";
import { AddDeviceDialog } from "./add-device-dialog.tsx";
import { ofLabel } from "./device-state.ts";
import { DeviceTable } from "./device-table.tsx";
import { useDevices } from "./use-devices.ts";

const ORDERS = [
  { value: "concern", label: "Most urgent first" },
  { value: "name", label: "By name" },
  { value: "seen", label: "Longest unseen first" },
  { value: "battery", label: "Lowest battery first" },
  { value: "certificate", label: "First certificate to end" },
  { value: "firmware", label: "Oldest firmware first" },
];

/** Every device by its states: a page of those that were asked for. */
export function DevicesPage() {
  useTitle("Devices");
  const mayAdd = useMay("fleet");
  const [isAdding, setAdding] = useState(false);
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 250);
  const [state, setState] = useState<DeviceState>();
  const [order, setOrder] = useState("concern");
  const [page, setPage] = useState(0);
  const fleet = useFleet({ order, page, ...(state ? { state } : {}), ...(q ? { q } : {}) });
  const { counts, found = 0, pageSize = 50, devices = [] } = fleet.data ?? {};
  const choose = (next: DeviceState | undefined) => {
    setState(next);
    setPage(0);
  };
  const [isScanning, setScanning] = useState(false);
  // Every device, for a label may be that of any.
  const all = useDevices({ enabled: isScanning });
  function scanned(text: string): string | undefined {
    const found = ofLabel(all.data ?? [], text, new Date().getUTCFullYear());
    if (!found)
      return all.isPending ? "The devices are being looked up; scan it again." : "No device here has this label.";
    setTyped(found.id);
    setPage(0);
    setState(found.revokedAt === null ? undefined : "no-access");
    setScanning(false);
    return undefined;
  }
  return (
    <Page
      title="Devices"
      actions={
        <>
          <TextInput
            aria-label="Search devices"
            placeholder="Id, name, serial or patient"
            leftSection={<IconSearch size={17} />}
            value={typed}
            onChange={(e) => {
              setTyped(e.currentTarget.value);
              setPage(0);
            }}
          />
          <ActionIcon variant="default" size={36} aria-label="Find by label" onClick={() => setScanning(true)}>
            <IconScan size={20} />
          </ActionIcon>
          <NativeSelect
            aria-label="Order"
            data={ORDERS}
            value={order}
            onChange={(e) => {
              setOrder(e.currentTarget.value);
              setPage(0);
            }}
          />
          {mayAdd && (
            <Button leftSection={<IconPlus size={18} />} onClick={() => setAdding(true)}>
              Add device
            </Button>
          )}
        </>
      }
    >
      <FleetTabs />
      {counts && (
        <fieldset
          className={classes.filters}
          aria-label="States"
          style={{ border: 0, padding: 0, margin: "0 0 0.9rem" }}
        >
          <button type="button" aria-pressed={state === undefined} onClick={() => choose(undefined)}>
            All <b>{(fleet.data?.total ?? 0) - counts["no-access"]}</b>
          </button>
          {(Object.keys(stateWord) as DeviceState[]).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={state === each}
              disabled={counts[each] === 0 && state !== each}
              onClick={() => choose(state === each ? undefined : each)}
            >
              {stateWord[each]} <b>{counts[each]}</b>
            </button>
          ))}
        </fieldset>
      )}
      <Card>
        {fleet.isPending ? (
          <Loading what="Loading devices" />
        ) : fleet.isError && !fleet.data ? (
          <Failed error={fleet.error} retry={() => fleet.refetch()} />
        ) : devices.length === 0 ? (
          <Empty
            title={q || state ? "No such device" : "No devices yet"}
            icon={<IconDeviceWatch size={44} stroke={1.3} />}
          >
            {!q && !state && <p>Add one: you get its id and token, and two lines that send a first reading.</p>}
          </Empty>
        ) : (
          <>
            <DeviceTable
              devices={devices.map(({ device }) => device)}
              isOrdered
              firmware={new Map(devices.map((each) => [each.device.id, each]))}
            />
            <Pages page={page} found={found} size={pageSize} onPage={setPage} />
          </>
        )}
      </Card>
      {isScanning && (
        <ScanDialog title="Find a device by its label" onText={scanned} onClose={() => setScanning(false)} />
      )}
      {mayAdd && <AddDeviceDialog isOpen={isAdding} onClose={() => setAdding(false)} />}
    </Page>
  );
}
