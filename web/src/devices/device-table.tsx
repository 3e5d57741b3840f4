import { Table } from "@mantine/core";
import type { DeviceBody, DeviceState } from "@openward/api";
import {
  IconBattery1,
  IconBattery3,
  IconCertificate,
  IconClockExclamation,
  IconInbox,
  IconMapPinQuestion,
  IconPlugConnected,
  IconPlugConnectedX,
  IconPlugOff,
  IconQuestionMark,
  IconTool,
  IconUsers,
  IconVersions,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useNow, useWards } from "../app/hooks.ts";
import { formatDuration } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { DeviceActions } from "./device-actions.tsx";
import {
  BATTERY_LOW,
  certificateText,
  clockText,
  compareDevices,
  connectionText,
  elsewhereText,
  misfitText,
  serviceText,
} from "./device-state.ts";
import classes from "./devices.module.css";

interface FirmwareTold {
  readonly states: readonly DeviceState[];
  readonly firmware: { readonly version: string; readonly newest: string } | null;
}

/** Devices with their state; those that need somebody first. */
export function DeviceTable({
  devices,
  withPatient = true,
  isOrdered = false,
  firmware,
}: {
  readonly devices: readonly DeviceBody[];
  readonly withPatient?: boolean;
  /** They stand as they are to be shown. */
  readonly isOrdered?: boolean;
  /** What each says that it runs, by its id. */
  readonly firmware?: ReadonlyMap<string, FirmwareTold>;
}) {
  const now = useNow();
  const wards = useWards().data ?? [];
  return (
    <Rows
      minWidth={720}
      head={
        <>
          <Table.Th>Device</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Last seen</Table.Th>
          <Table.Th>Battery</Table.Th>
          <Table.Th>Clock</Table.Th>
          {withPatient && <Table.Th>Patient</Table.Th>}
          <Table.Th aria-label="Actions" />
        </>
      }
    >
      {(isOrdered ? devices : [...devices].sort(compareDevices)).map((d) => (
        <Table.Tr key={d.id} data-device={d.id} className={d.revokedAt !== null ? classes.revoked : undefined}>
          <Table.Td data-lead>
            <b>{d.display}</b>
            <small className={classes.sub}>
              {d.id} · {d.typeDisplay}
            </small>
          </Table.Td>
          <Table.Td data-label="State">
            <span className={classes.state} data-state={connectionText(d)}>
              <StateIcon device={d} /> {connectionText(d)}
            </span>
            {d.hasTwin && (
              <span className={classes.state} data-low>
                <IconUsers size={15} aria-hidden /> used twice at once
              </span>
            )}
            {d.revokedAt === null && certificateText(d.certificateEndsAt, now) !== "" && (
              <span className={classes.state} data-low>
                <IconCertificate size={15} aria-hidden /> {certificateText(d.certificateEndsAt, now)}
              </span>
            )}
            {d.revokedAt === null && misfitText(d) !== "" && (
              <span className={classes.state} data-low>
                <IconQuestionMark size={15} aria-hidden /> {misfitText(d)}
              </span>
            )}
            {d.revokedAt === null && d.isElsewhere && (
              <span className={classes.told} data-low>
                <IconMapPinQuestion size={15} aria-hidden /> {elsewhereText(d, wards)}
              </span>
            )}
            {d.revokedAt === null && serviceText(d) !== "" && (
              <span className={classes.state} data-low>
                <IconTool size={15} aria-hidden /> {serviceText(d)}
              </span>
            )}
            {firmware?.get(d.id)?.states.includes("firmware-old") && (
              <span className={classes.state} data-low>
                <IconVersions size={15} aria-hidden /> firmware {firmware.get(d.id)?.firmware?.version}, newest{" "}
                {firmware.get(d.id)?.firmware?.newest}
              </span>
            )}
            {d.openQuarantine > 0 && (
              <Link to="/quarantine" className={classes.quarantine}>
                <IconInbox size={15} aria-hidden /> {d.openQuarantine} in quarantine
              </Link>
            )}
          </Table.Td>
          <Table.Td data-label="Last seen" style={{ whiteSpace: "nowrap" }}>
            {d.lastSeenAt === null ? "–" : `${formatDuration(now - d.lastSeenAt)} ago`}
          </Table.Td>
          <Table.Td data-label="Battery">
            {d.battery === null ? (
              "–"
            ) : (
              <span className={classes.state} data-low={d.battery <= BATTERY_LOW || undefined}>
                {d.battery <= BATTERY_LOW ? (
                  <IconBattery1 size={19} aria-hidden />
                ) : (
                  <IconBattery3 size={19} aria-hidden />
                )}
                {Math.round(d.battery)} %{d.battery <= BATTERY_LOW && " low"}
              </span>
            )}
          </Table.Td>
          <Table.Td data-label="Clock" style={{ whiteSpace: "nowrap" }}>
            {clockText(d.clockOffsetMs) ? (
              <span className={classes.state} data-low>
                <IconClockExclamation size={17} aria-hidden /> {clockText(d.clockOffsetMs)}
              </span>
            ) : d.clockOffsetMs === null ? (
              "–"
            ) : (
              "agrees"
            )}
          </Table.Td>
          {withPatient && (
            <Table.Td data-label="Patient">
              {d.patient ? (
                <>
                  <Link to="/patients/$patientId" params={{ patientId: d.patient.id }}>
                    {d.patient.name}
                  </Link>
                  <small className={classes.sub}>
                    {d.patient.bed ? `bed ${d.patient.bed} · ` : ""}MRN {d.patient.mrn}
                  </small>
                </>
              ) : (
                <span style={{ color: "var(--ow-ink-soft)" }}>none</span>
              )}
            </Table.Td>
          )}
          <Table.Td data-do align="right">
            <DeviceActions device={d} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}

function StateIcon({ device }: { readonly device: DeviceBody }) {
  if (device.revokedAt !== null) return <IconPlugOff size={18} aria-hidden />;
  return device.connected ? <IconPlugConnected size={18} aria-hidden /> : <IconPlugConnectedX size={18} aria-hidden />;
}
