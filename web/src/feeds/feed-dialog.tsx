import {
  Button,
  Checkbox,
  Group,
  Modal,
  MultiSelect,
  PasswordInput,
  Radio,
  Select,
  Stack,
  TextInput,
} from "@mantine/core";
import type { FeedWithSecretBody } from "@openward/api";
import { signals as table } from "@openward/signals";
import { useState } from "react";
import { useApplications } from "../applications/use-applications.ts";
import { Problem } from "../parts/problem.tsx";
import { type NewFeed, useAddFeed, type Whose } from "./use-feeds.ts";

const CHOICES = table
  .filter(({ kind }) => kind === "numeric")
  .map(({ key, display }) => ({ value: key, label: display }));
type Way = NewFeed["way"];
type Kind = "readings" | "alarms" | "events" | "devices";

/** Where to, and what of. */
export function FeedDialog(props: {
  readonly whose: Whose;
  readonly onClose: () => void;
  readonly onDone: (made: FeedWithSecretBody) => void;
}) {
  const { whose, onClose, onDone } = props;
  const [name, setName] = useState("");
  const [way, setWay] = useState<Way>("webhook");
  const [url, setUrl] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [homeAssistant, setHomeAssistant] = useState(true);
  const [kinds, setKinds] = useState<Kind[]>(["readings"]);
  const [signals, setSignals] = useState<string[]>([]);
  const [applicationId, setApplicationId] = useState<string | null>(null);
  const add = useAddFeed(whose);
  const hasAddress = way !== "mqtt";
  const isReady =
    name.trim() !== "" &&
    kinds.length > 0 &&
    (!hasAddress || url.trim() !== "") &&
    (whose !== null || applicationId !== null);
  const submit = () =>
    add.mutate(
      {
        name: name.trim(),
        way,
        kinds,
        signals: signals.length === 0 ? null : signals,
        homeAssistant: whose !== null && way !== "webhook" && homeAssistant,
        ...(hasAddress ? { url: url.trim() } : {}),
        ...(way === "broker" && username !== "" ? { username, password } : {}),
        ...(applicationId === null ? {} : { applicationId }),
      },
      { onSuccess: onDone },
    );
  return (
    <Modal opened onClose={onClose} title="Send it on">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isReady) submit();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="Who gets it: it is shown beside each time that something was sent"
            placeholder="Home Assistant in the kitchen"
            value={name}
            maxLength={80}
            required
            data-autofocus
            onChange={(e) => setName(e.currentTarget.value)}
          />
          {whose === null && <ApplicationField value={applicationId} onChange={setApplicationId} />}
          <Radio.Group label="How" value={way} onChange={(value) => setWay(value as Way)}>
            <Stack gap={6} mt={4}>
              <Radio value="webhook" label="An address of the internet is called (webhook)" />
              <Radio value="mqtt" label="It is read here over MQTT" />
              {whose !== null && <Radio value="broker" label="It is brought to a broker (MQTT), as at home" />}
            </Stack>
          </Radio.Group>
          {hasAddress && (
            <TextInput
              label="Address"
              placeholder={way === "webhook" ? "https://receiver.example/hook" : "mqtts://broker.example:8883"}
              value={url}
              required
              onChange={(e) => setUrl(e.currentTarget.value)}
            />
          )}
          {way === "broker" && (
            <Group grow align="start">
              <TextInput label="User name" value={username} onChange={(e) => setUsername(e.currentTarget.value)} />
              <PasswordInput label="Password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
            </Group>
          )}
          {whose !== null && way !== "webhook" && (
            <Checkbox
              label="For Home Assistant: devices and values appear there by themselves"
              checked={homeAssistant}
              onChange={(e) => setHomeAssistant(e.currentTarget.checked)}
            />
          )}
          <Checkbox.Group label="What" value={kinds} onChange={(value) => setKinds(value as Kind[])}>
            <Group gap="md" mt={4}>
              <Checkbox value="readings" label="Measurements" />
              <Checkbox value="alarms" label="Alarms" />
              <Checkbox value="events" label="Calls and events" />
              <Checkbox value="devices" label="Devices" />
            </Group>
          </Checkbox.Group>
          <MultiSelect
            label="Only these measurements"
            description="None chosen: all"
            data={CHOICES}
            value={signals}
            onChange={setSignals}
            searchable
            clearable
          />
          <p style={{ margin: 0 }}>
            This is no alarm: what is sent may come late or not at all, and nobody is called by it. Whoever gets it may
            keep it.
          </p>
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              Send it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Only one that acts for nobody is told by itself: it sees by a grant of its own. */
function ApplicationField({
  value,
  onChange,
}: {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}) {
  const applications = useApplications();
  const data = (applications.data ?? [])
    .filter(({ kind, disabledAt }) => kind === "backend" && disabledAt === null)
    .map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Select
      label="Application"
      description="One that acts for nobody (backend): it gets of whom its grants show it"
      data={data}
      value={value}
      onChange={onChange}
      required
    />
  );
}
