import { Modal, Stack, Table, Tabs } from "@mantine/core";
import type { DeviceBody, GatewayBody } from "@openward/api";
import { IconAlertTriangle, IconRouter } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { formatDuration } from "../parts/format.ts";
import classes from "./devices.module.css";
import { GatewaySettingsPart } from "./gateway-settings-part.tsx";
import { GatewayVersions } from "./gateway-versions.tsx";
import { gatewayLines } from "./gateway-words.ts";
import { useDevices } from "./use-devices.ts";
import { useGateway } from "./use-gateway.ts";

/** How a gateway said last that it is, what it works by, and what it worked by before. */
export function GatewayDialog({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const [tab, setTab] = useState<string | null>("state");
  const gateway = useGateway(device.id);
  const devices = useDevices().data ?? [];
  const nameOf = (id: string) => devices.find((one) => one.id === id)?.display ?? id;
  return (
    <Modal opened onClose={onClose} title={`${device.display} as a gateway`} size="xl">
      {gateway.isPending ? (
        <Loading what="Loading what the gateway told" />
      ) : !gateway.data ? (
        <Failed error={gateway.error} retry={() => gateway.refetch()} />
      ) : (
        <Tabs value={tab} onChange={setTab}>
          <Tabs.List>
            <Tabs.Tab value="state">How it is</Tabs.Tab>
            <Tabs.Tab value="settings">Settings</Tabs.Tab>
            <Tabs.Tab value="versions">Versions</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="state" pt="sm">
            <State gateway={gateway.data} nameOf={nameOf} />
          </Tabs.Panel>
          <Tabs.Panel value="settings" pt="sm">
            {tab === "settings" && (
              <GatewaySettingsPart
                gateway={gateway.data}
                deviceId={device.id}
                nameOf={nameOf}
                onSaved={() => setTab("versions")}
              />
            )}
          </Tabs.Panel>
          <Tabs.Panel value="versions" pt="sm">
            <GatewayVersions gateway={gateway.data} deviceId={device.id} nameOf={nameOf} />
          </Tabs.Panel>
        </Tabs>
      )}
    </Modal>
  );
}

function State({ gateway, nameOf }: { readonly gateway: GatewayBody; readonly nameOf: (id: string) => string }) {
  const now = useNow();
  if (!gateway.report) {
    return (
      <Empty title="It has told nothing of itself" icon={<IconRouter size={44} stroke={1.3} />}>
        <p>A device that runs the gateway program reports here every few minutes.</p>
      </Empty>
    );
  }
  const heard = Object.entries(gateway.report.devices).sort((a, b) => b[1] - a[1]);
  return (
    <Stack gap="sm">
      <Table>
        <Table.Tbody>
          {gatewayLines(gateway, now).map(({ label, text, isBad }) => (
            <Table.Tr key={`${label} ${text}`}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td>
                <span className={classes.told} data-low={isBad || undefined}>
                  {isBad && <IconAlertTriangle size={16} aria-label="Look at this" style={{ flexShrink: 0 }} />} {text}
                </span>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {heard.length > 0 && (
        <section aria-label="Devices that it heard">
          <h3 style={{ margin: "0 0 0.2rem", fontSize: "1rem" }}>Devices that it heard</h3>
          <Table>
            <Table.Tbody>
              {heard.map(([id, at]) => (
                <Table.Tr key={id}>
                  <Table.Td>
                    <b>{nameOf(id)}</b> <small>{id}</small>
                  </Table.Td>
                  <Table.Td align="right">{formatDuration(Math.max(0, now - at))} ago</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
    </Stack>
  );
}
