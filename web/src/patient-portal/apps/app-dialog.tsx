import { Button, Group, Modal, NumberInput, Radio, Stack, TextInput } from "@mantine/core";
import type { NightscoutKeyWithSecretBody } from "@openward/api";
import { useState } from "react";
import { Problem } from "../../parts/problem.tsx";
import { useAddAppKey } from "./use-apps.ts";

/** What the app is called, and whether it brings something. */
export function AppDialog(props: {
  readonly patientId: string;
  readonly mayUpload: boolean;
  readonly onClose: () => void;
  readonly onDone: (made: NightscoutKeyWithSecretBody) => void;
}) {
  const { patientId, mayUpload, onClose, onDone } = props;
  const [name, setName] = useState("");
  const [uploads, setUploads] = useState(mayUpload);
  const [pastDays, setPastDays] = useState<string | number>(30);
  const add = useAddAppKey(patientId);
  const isReady = name.trim() !== "" && typeof pastDays === "number";
  return (
    <Modal opened onClose={onClose} title="Connect a diabetes app">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isReady) add.mutate({ name: name.trim(), uploads, pastDays: Number(pastDays) }, { onSuccess: onDone });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="Which app, on whose telephone: it is shown to the ward beside what the app brings"
            placeholder="xDrip+ on my telephone"
            value={name}
            maxLength={80}
            required
            data-autofocus
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <Radio.Group
            label="What it does"
            value={uploads ? "uploads" : "reads"}
            onChange={(value) => setUploads(value === "uploads")}
          >
            <Stack gap={6} mt={4}>
              <Radio
                value="uploads"
                label="Uploads: glucose, insulin and meals, and reads them"
                disabled={!mayUpload}
                description={
                  mayUpload ? undefined : "Only the patient, or who decides for them, can connect such an app"
                }
              />
              <Radio value="reads" label="Reads only: an app that follows" />
            </Stack>
          </Radio.Group>
          {uploads && (
            <NumberInput
              label="Days back"
              description="What the app measured before and brings now is taken for so many days"
              value={pastDays}
              min={0}
              max={3650}
              allowDecimal={false}
              onChange={setPastDays}
            />
          )}
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              Connect
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
