import { ActionIcon, Menu } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import {
  IconBan,
  IconDots,
  IconInfoCircle,
  IconKey,
  IconRouter,
  IconUserMinus,
  IconUserPlus,
} from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../app/hooks.ts";
import { Confirm } from "../parts/confirm.tsx";
import { AssignDialog } from "./assign-dialog.tsx";
import { CredentialsDialog } from "./credentials-dialog.tsx";
import { DescriptionDialog } from "./description-dialog.tsx";
import { GatewayDialog } from "./gateway-dialog.tsx";
import { useRelease, useRevoke } from "./use-devices.ts";

type Doing = "describe" | "assign" | "release" | "credentials" | "gateway" | "revoke" | null;

/** What can be done with a device. */
export function DeviceActions({ device }: { readonly device: DeviceBody }) {
  const [doing, setDoing] = useState<Doing>(null);
  const mayAssign = useMay("technical");
  const mayManage = useMay("fleet");
  const release = useRelease(device.id);
  const revoke = useRevoke(device.id);
  const close = () => setDoing(null);
  if (device.revokedAt !== null || (!mayAssign && !mayManage)) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={34} aria-label={`Actions for ${device.id}`}>
            <IconDots size={19} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconInfoCircle size={17} />} onClick={() => setDoing("describe")}>
            About the device
          </Menu.Item>
          {mayAssign && (
            <Menu.Item leftSection={<IconUserPlus size={17} />} onClick={() => setDoing("assign")}>
              {device.patient ? "Put on another patient" : "Put on a patient"}
            </Menu.Item>
          )}
          {mayAssign && device.patient && (
            <Menu.Item leftSection={<IconUserMinus size={17} />} onClick={() => setDoing("release")}>
              Take off the patient
            </Menu.Item>
          )}
          {mayManage && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconKey size={17} />} onClick={() => setDoing("credentials")}>
                Sign-in: tokens, certificates, claim code
              </Menu.Item>
              <Menu.Item leftSection={<IconRouter size={17} />} onClick={() => setDoing("gateway")}>
                As a gateway
              </Menu.Item>
              <Menu.Item leftSection={<IconBan size={17} />} onClick={() => setDoing("revoke")}>
                Revoke
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {doing === "describe" && <DescriptionDialog device={device} onClose={close} />}
      {doing === "assign" && <AssignDialog device={device} onClose={close} />}
      <Confirm
        isOpen={doing === "release"}
        onClose={close}
        title={`Take ${device.display} off`}
        action="Take off"
        isPending={release.isPending}
        error={release.error}
        onConfirm={() => release.mutate(undefined, { onSuccess: close })}
      >
        <b>{device.patient?.name}</b> is no longer watched through this device. What it sends from now on waits in
        quarantine.
      </Confirm>
      <Confirm
        isOpen={doing === "revoke"}
        onClose={close}
        title={`Revoke ${device.display}`}
        action="Revoke"
        isDangerous
        isPending={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoke.mutate(undefined, { onSuccess: close })}
      >
        The device <b>{device.id}</b> is disconnected and can never sign in again. What it measured stays.
      </Confirm>
      {doing === "gateway" && <GatewayDialog device={device} onClose={close} />}
      {doing === "credentials" && <CredentialsDialog device={device} onClose={close} />}
    </>
  );
}
