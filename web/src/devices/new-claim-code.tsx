import { Alert, Button, Group, Modal, Select, Stack } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { IconNfc, IconPrinter, IconQrcode } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { formatDateTime, formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { hasNfc, writeTag } from "../parts/scan/nfc.ts";
import classes from "./label.module.css";
import { Qr } from "./qr.tsx";
import { useNewClaimCode } from "./use-credentials.ts";

const HOURS = [
  { value: "2", label: "2 hours" },
  { value: "24", label: "a day" },
  { value: "72", label: "3 days" },
];

/** A label for the box: who scans it has the device sign in, once, without typing a secret. */
export function NewClaimCode(props: {
  readonly device: DeviceBody;
  readonly zone: string;
  readonly onClose: () => void;
}) {
  const { device, zone, onClose } = props;
  const [hours, setHours] = useState("24");
  const [tag, setTag] = useState<"written" | "failed" | null>(null);
  const make = useNewClaimCode(device.id);
  const now = useNow();
  if (make.data) {
    const { code, url, expiresAt } = make.data;
    return (
      <Modal opened onClose={onClose} title={`Claim code of ${device.display}`} closeOnClickOutside={false}>
        <Stack>
          <Alert variant="light" icon={<IconQrcode size={20} />} title="The code is shown once">
            It works once, until {formatWhen(expiresAt, now, zone)}. Whoever has it has the device: what it signed in
            with before ends then.
          </Alert>
          <figure className={classes.label} aria-label="Label">
            <Qr text={url} label={`claim code of ${device.id}`} />
            <figcaption>
              <b>{device.display}</b>
              <span>{device.id}</span>
              <code>{code}</code>
              <small>until {formatDateTime(expiresAt, zone)}, for one use</small>
            </figcaption>
          </figure>
          <CopyLine label="Code" text={code} />
          {tag === "failed" && (
            <Alert color="red">The tag could not be written: hold it to the telephone and try again.</Alert>
          )}
          <Group justify="flex-end">
            {hasNfc(window) && (
              <Button
                variant="default"
                leftSection={<IconNfc size={17} />}
                onClick={() =>
                  void writeTag(window, url).then(
                    () => setTag("written"),
                    () => setTag("failed"),
                  )
                }
              >
                {tag === "written" ? "Written to the tag" : "Write to an NFC tag"}
              </Button>
            )}
            <Button variant="default" leftSection={<IconPrinter size={17} />} onClick={() => window.print()}>
              Print the label
            </Button>
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={`Claim code for ${device.display}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          make.mutate({ hours: Number(hours) });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            A label for the box. The device exchanges the code, once, for what it signs in with. A code from before
            ends.
          </p>
          <Select
            label="Valid for"
            data={HOURS}
            value={hours}
            onChange={(value) => setHours(value ?? "24")}
            allowDeselect={false}
            data-autofocus
          />
          <Problem error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Make a code
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
