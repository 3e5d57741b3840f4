import { Modal, Stack, Table } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { IconAlertTriangle, IconRouter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { ask } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { formatDuration } from "../parts/format.ts";
import classes from "./devices.module.css";
import { gatewayLines } from "./gateway-words.ts";
import { useDevices } from "./use-devices.ts";

/** How a gateway said last that it is, and when it heard each device. */
export function GatewayDialog({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const now = useNow();
  const gateway = useQuery({
    queryKey: ["gateway", device.id],
    queryFn: ({ signal }) => ask("gateway", { params: { deviceId: device.id }, signal }),
    refetchInterval: 15_000,
  });
  const devices = useDevices().data ?? [];
  const nameOf = (id: string) => devices.find((one) => one.id === id)?.display ?? id;
  const heard = Object.entries(gateway.data?.report?.devices ?? {}).sort((a, b) => b[1] - a[1]);
  return (
    <Modal opened onClose={onClose} title={`${device.display} as a gateway`} size="lg">
      {gateway.isPending ? (
        <Loading what="Loading what the gateway told" />
      ) : gateway.isError && !gateway.data ? (
        <Failed error={gateway.error} retry={() => gateway.refetch()} />
      ) : !gateway.data?.report ? (
        <Empty title="It has told nothing of itself" icon={<IconRouter size={44} stroke={1.3} />}>
          <p>A device that runs the gateway program reports here every few minutes.</p>
        </Empty>
      ) : (
        <Stack gap="sm">
          <Table>
            <Table.Tbody>
              {gatewayLines(gateway.data, now).map(({ label, text, isBad }) => (
                <Table.Tr key={`${label} ${text}`}>
                  <Table.Th scope="row">{label}</Table.Th>
                  <Table.Td>
                    <span className={classes.state} data-low={isBad || undefined}>
                      {isBad && <IconAlertTriangle size={16} aria-label="Look at this" />} {text}
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
      )}
    </Modal>
  );
}
