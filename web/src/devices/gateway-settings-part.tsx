import { Button, Group, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import type { GatewayBody, GatewaySettings } from "@openward/api";
import {
  changedGatewaySettings,
  gatewayFaults,
  LINK_ALARM_SECONDS,
  REPORT_SECONDS,
} from "@openward/api/gateway-settings";
import { useState } from "react";
import { Problem } from "../parts/problem.tsx";
import classes from "./devices.module.css";
import { LOCAL_ALARM_WORDS, writeAddress } from "./gateway-settings-words.ts";
import { useConfigureGateway } from "./use-gateway.ts";

interface Row {
  readonly id: string;
  readonly isCollected: boolean;
  /** As it was typed; "": it does not speak Bluetooth. */
  readonly address: string;
}

/** What a gateway is to work by. What it could not work by is said at the field, and cannot be sent. */
export function GatewaySettingsPart({
  gateway,
  deviceId,
  nameOf,
  onSaved,
}: {
  readonly gateway: GatewayBody;
  readonly deviceId: string;
  readonly nameOf: (id: string) => string;
  readonly onSaved: () => void;
}) {
  // What was looked at when somebody began to type: what another one sets meanwhile is told, and not overwritten.
  const [seen] = useState({ settings: gateway.settings, revision: gateway.revision, inCharge: gateway.inCharge });
  const [form, setForm] = useState(seen.settings);
  const [rows, setRows] = useState<Row[]>(() => rowsOf(seen.settings, seen.inCharge));
  const configure = useConfigureGateway(deviceId);
  const set = (more: Partial<GatewaySettings>) => setForm((before) => ({ ...before, ...more }));
  const setRow = (id: string, more: Partial<Row>) =>
    setRows((before) => before.map((row) => (row.id === id ? { ...row, ...more } : row)));

  const spoken = rows.filter(({ isCollected, address }) => isCollected && address.trim() !== "");
  const settings: GatewaySettings = {
    ...form,
    bluetooth: spoken.map(({ id, address }) => ({ deviceId: id, address: writeAddress(address) })),
    leaveOut: rows.filter(({ isCollected }) => !isCollected).map(({ id }) => id),
  };
  const faults = gatewayFaults(settings, seen.inCharge);
  const faultAt = (at: string) => faults.find((fault) => fault.at.startsWith(at))?.expected;
  const faultOf = (id: string) => {
    const at = spoken.findIndex((row) => row.id === id);
    return at === -1 ? undefined : faultAt(`bluetooth[${at}]`);
  };
  const isChanged = changedGatewaySettings(seen.settings, settings).length > 0;
  const expected = (at: string) => {
    const fault = faultAt(at);
    return fault && `Expected ${fault}`;
  };
  const listener = (key: "mqtt" | "mllp" | "sound", label: string, description: string) => (
    <Switch
      label={label}
      description={description}
      checked={form[key] === "as-set-up"}
      onChange={(e) => set({ [key]: e.currentTarget.checked ? "as-set-up" : "off" })}
    />
  );

  return (
    <form
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        configure.mutate({ ...settings, seen: seen.revision }, { onSuccess: onSaved });
      }}
    >
      <Stack gap="sm">
        <section aria-label="Devices">
          <Text fw={600}>Devices in its charge</Text>
          {rows.length === 0 ? (
            <Text size="sm">None. Put devices in its charge under “Sign-in: tokens, certificates, claim code”.</Text>
          ) : (
            <ul className={classes.collected}>
              {rows.map(({ id, isCollected, address }) => (
                <li key={id}>
                  <Switch
                    label={
                      <>
                        <b>{nameOf(id)}</b> <small>{id}</small>
                      </>
                    }
                    aria-label={`Collect from ${id}`}
                    checked={isCollected}
                    onChange={(e) => setRow(id, { isCollected: e.currentTarget.checked })}
                  />
                  {isCollected ? (
                    <TextInput
                      aria-label={`Bluetooth address of ${id}`}
                      placeholder="Bluetooth address"
                      value={address}
                      onChange={(e) => setRow(id, { address: e.currentTarget.value })}
                      error={faultOf(id) && `Expected ${faultOf(id)}`}
                      maxLength={17}
                      spellCheck={false}
                    />
                  ) : (
                    <Text size="sm">Nothing is collected here</Text>
                  )}
                </li>
              ))}
            </ul>
          )}
        </section>
        <Select
          label="It rings by itself"
          description="By the limits of whoever wears each device, as they stand on the patient's page"
          data={Object.entries(LOCAL_ALARM_WORDS).map(([value, label]) => ({ value, label }))}
          value={form.localAlarms}
          onChange={(value) => set({ localAlarms: (value ?? "link-down") as GatewaySettings["localAlarms"] })}
          allowDeselect={false}
          comboboxProps={{ withinPortal: true }}
        />
        {listener("sound", "Sound", "Off: whatever is wrong there, nobody hears it")}
        <Group grow align="start">
          <NumberInput
            label="The line may be down for"
            description="Then it rings"
            suffix=" s"
            {...LINK_ALARM_SECONDS}
            clampBehavior="none"
            allowDecimal={false}
            value={form.linkAlarmSeconds}
            onChange={(value) => set({ linkAlarmSeconds: value === "" ? Number.NaN : Number(value) })}
            error={expected("linkAlarmSeconds")}
          />
          <NumberInput
            label="It reports every"
            description="How it is"
            suffix=" s"
            {...REPORT_SECONDS}
            clampBehavior="none"
            allowDecimal={false}
            value={form.reportSeconds}
            onChange={(value) => set({ reportSeconds: value === "" ? Number.NaN : Number(value) })}
            error={expected("reportSeconds")}
          />
        </Group>
        {listener("mqtt", "MQTT", "As the box is set up; off: its devices cannot sign in there")}
        {listener("mllp", "HL7 (MLLP)", "As the box is set up; off: its monitors are not heard")}
        {gateway.revision !== seen.revision && (
          <p role="alert">
            {gateway.setBy ?? "Somebody"} has set it meanwhile. Close this and look at what is there now.
          </p>
        )}
        <Problem error={configure.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={configure.isPending} disabled={!isChanged || faults.length > 0}>
            Save as version {seen.revision + 1}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Devices that have left its charge are of no use to it: what is set for them is left out. */
function rowsOf({ bluetooth, leaveOut }: GatewaySettings, inCharge: readonly string[]): Row[] {
  return inCharge.map((id) => ({
    id,
    isCollected: !leaveOut.includes(id),
    address: bluetooth.find((one) => one.deviceId === id)?.address ?? "",
  }));
}
