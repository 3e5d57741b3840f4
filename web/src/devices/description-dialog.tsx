import { Button, Group, Modal, SegmentedControl, Select, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { IconScan } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useNow, useWards } from "../app/hooks.ts";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { ScanDialog } from "../parts/scan/scan-dialog.tsx";
import { ClockPart } from "./clock-part.tsx";
import { labelText, misfitText } from "./device-state.ts";
import { useDescribe, useDeviceTypes } from "./use-devices.ts";

const orNull = (text: string) => (text.trim() === "" ? null : text.trim());

/** What is written down of a device, and what it says of itself. Who may not change it reads it. */
export function DescriptionDialog({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const mayWrite = useMay("fleet") && device.revokedAt === null;
  const types = useDeviceTypes();
  const wards = useWards();
  const describe = useDescribe(device.id);
  const now = useNow();
  const [form, setForm] = useState({
    type: device.type,
    display: device.display,
    manufacturer: device.manufacturer ?? "",
    model: device.model ?? "",
    serial: device.serial ?? "",
    text: device.label?.text ?? "",
    entry: device.label?.entry ?? ("manual" as "manual" | "barcode"),
    owner: device.owner,
    ownerName: device.ownerName ?? "",
    location: device.location ?? "",
    wardId: device.wardId,
    isOut: device.service.state === "out-of-service",
    dueOn: device.service.dueOn ?? "",
    note: device.service.note ?? "",
  });
  const [isScanning, setScanning] = useState(false);
  /** A label of two symbols is scanned twice. */
  function scanned(text: string): string | undefined {
    const other = form.entry === "barcode" ? form.text : "";
    const read = [text, `${other}\n${text}`, `${text}\n${other}`].find(
      (one) => labelText(one, new Date(now).getUTCFullYear())?.says,
    );
    if (read === undefined) {
      const fault = labelText(text, new Date(now).getUTCFullYear())?.fault;
      return `This is not a label of a device, or not all of it. ${fault ?? ""}`;
    }
    set({ text: read.trim(), entry: "barcode" });
    setScanning(false);
    return undefined;
  }
  const set = (more: Partial<typeof form>) => setForm((before) => ({ ...before, ...more }));
  const read = labelText(form.text, new Date(now).getUTCFullYear());
  const send = () =>
    describe.mutate(
      {
        type: form.type,
        display: form.display.trim(),
        manufacturer: orNull(form.manufacturer),
        model: orNull(form.model),
        serial: orNull(form.serial),
        label: form.text.trim() === "" ? null : { text: form.text.trim(), entry: form.entry },
        owner: form.owner,
        ownerName: form.owner === "loan" ? orNull(form.ownerName) : null,
        location: orNull(form.location),
        wardId: form.wardId,
        service: { isOut: form.isOut, dueOn: orNull(form.dueOn), note: orNull(form.note) },
      },
      { onSuccess: onClose },
    );
  const line = (label: string, key: "display" | "manufacturer" | "model" | "serial" | "ownerName" | "location") => (
    <TextInput
      label={label}
      value={form[key]}
      onChange={(e) => set({ [key]: e.currentTarget.value })}
      maxLength={120}
      readOnly={!mayWrite}
    />
  );
  return (
    <Modal opened onClose={onClose} title={`About ${device.display}`} size="lg">
      <ClockPart device={device} />
      <form
        noValidate
        onSubmit={(e) => {
          e.preventDefault();
          send();
        }}
      >
        <Stack gap="sm">
          {device.misfit && <p role="alert">{misfitText(device)}. Change the type, or look which device it is.</p>}
          <Select
            label="Type"
            data={(types.data ?? [{ key: device.type, display: device.typeDisplay }]).map((t) => ({
              value: t.key,
              label: t.display,
            }))}
            value={form.type}
            onChange={(type) => set({ type: type ?? device.type })}
            allowDeselect={false}
            searchable
            readOnly={!mayWrite}
          />
          {line("Name", "display")}
          <Textarea
            label="Label (UDI)"
            description="Scan it or type it; two symbols on two lines"
            placeholder="(01)04012345000016(21)00042"
            value={form.text}
            onChange={(e) => set({ text: e.currentTarget.value })}
            error={read?.fault}
            autosize
            minRows={2}
            maxLength={400}
            readOnly={!mayWrite}
          />
          {mayWrite && (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconScan size={18} />}
              onClick={() => setScanning(true)}
              style={{ alignSelf: "start" }}
            >
              Scan with the camera
            </Button>
          )}
          {read?.says && <output>{read.says}</output>}
          {mayWrite && (
            <SegmentedControl
              aria-label="How the label was read"
              data={[
                { value: "barcode", label: "Scanned" },
                { value: "manual", label: "Typed" },
              ]}
              value={form.entry}
              onChange={(entry) => set({ entry: entry === "barcode" ? "barcode" : "manual" })}
            />
          )}
          <Group grow align="start">
            {line("Maker", "manufacturer")}
            {line("Model", "model")}
            {line("Serial number", "serial")}
          </Group>
          <Group grow align="start">
            <Select
              label="Owner"
              data={[
                { value: "organisation", label: "Organisation" },
                { value: "patient", label: "The patient" },
                { value: "loan", label: "On loan" },
              ]}
              value={form.owner}
              onChange={(owner) => set({ owner: (owner ?? "organisation") as DeviceBody["owner"] })}
              allowDeselect={false}
              readOnly={!mayWrite}
            />
            {form.owner === "loan" && line("On loan from", "ownerName")}
          </Group>
          <Group grow align="start">
            <Select
              label="Stands in"
              placeholder="no ward: it goes with its patient"
              data={(wards.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              value={form.wardId}
              onChange={(wardId) => set({ wardId })}
              clearable
              readOnly={!mayWrite}
            />
            {line("Place", "location")}
          </Group>
          <Group grow align="end">
            <TextInput
              type="date"
              label="Service due on"
              value={form.dueOn}
              onChange={(e) => set({ dueOn: e.currentTarget.value })}
              readOnly={!mayWrite}
            />
            <Switch
              label="Out of service"
              checked={form.isOut}
              onChange={(e) => set({ isOut: e.currentTarget.checked })}
              disabled={!mayWrite}
            />
          </Group>
          <Textarea
            label="Service note"
            value={form.note}
            onChange={(e) => set({ note: e.currentTarget.value })}
            maxLength={500}
            readOnly={!mayWrite}
          />
          <Says device={device} now={now} />
          <Commands device={device} now={now} />
          <Problem error={describe.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {mayWrite ? "Cancel" : "Close"}
            </Button>
            {mayWrite && (
              <Button
                type="submit"
                loading={describe.isPending}
                disabled={read?.fault !== undefined || !form.display.trim()}
              >
                Save
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      {isScanning && <ScanDialog title="Scan the label" onText={scanned} onClose={() => setScanning(false)} />}
    </Modal>
  );
}

/** What could be asked of it: it says so, and nobody asks yet. */
function Commands({ device: { commands }, now }: { readonly device: DeviceBody; readonly now: number }) {
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  if (!commands || commands.list.length === 0) return null;
  return (
    <section aria-label="Commands that it accepts">
      <b>Commands that it says it accepts</b> <small>since {formatWhen(commands.since, now, zone)}; none is sent</small>
      <ul>
        {commands.list.map(({ command, about }) => (
          <li key={command}>
            {command}
            {about !== null && `: ${about}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Says({ device, now }: { readonly device: DeviceBody; readonly now: number }) {
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  if (device.says.length === 0) return <small>The device has said nothing of itself yet.</small>;
  return (
    <section aria-label="What the device says of itself">
      <b>What the device says of itself</b>
      <ul>
        {device.says.map(({ fact, text, since }) => (
          <li key={`${fact} ${since}`}>
            {fact}: {text} <small>since {formatWhen(since, now, zone)}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
