import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import type { DeviceBody } from "@openward/api";
import { useState } from "react";
import { Problem } from "../parts/problem.tsx";
import { DAYS_OF_TOKEN, OVERLAPS, overlapText } from "./overlaps.ts";
import { TokenShown } from "./token-shown.tsx";
import { useNewToken } from "./use-credentials.ts";

/** A new token, beside the one before for a while, so that the device is not cut off while somebody goes to it. */
export function NewToken({ device, onClose }: { readonly device: DeviceBody; readonly onClose: () => void }) {
  const [overlap, setOverlap] = useState("24");
  const [days, setDays] = useState("");
  const make = useNewToken(device.id);
  if (make.data)
    return (
      <Modal opened onClose={onClose} title={`New token of ${device.id}`} size="lg" closeOnClickOutside={false}>
        <Stack>
          <TokenShown id={make.data.id} token={make.data.token} type={device.type} withQr />
          <Group justify="flex-end">
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Stack>
      </Modal>
    );
  return (
    <Modal opened onClose={onClose} title={`New token for ${device.display}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          make.mutate({ overlapHours: Number(overlap), days: days === "" ? null : Number(days) });
        }}
      >
        <Stack gap="sm">
          <Select
            label="The tokens before"
            description={overlapText(Number(overlap))}
            data={OVERLAPS}
            value={overlap}
            onChange={(value) => setOverlap(value ?? "24")}
            allowDeselect={false}
            data-autofocus
          />
          <Select
            label="The new one is valid"
            data={DAYS_OF_TOKEN}
            value={days}
            onChange={(value) => setDays(value ?? "")}
            allowDeselect={false}
          />
          <Problem error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Make a new token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
