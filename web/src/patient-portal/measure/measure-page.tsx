import { Alert, Button, Select } from "@mantine/core";
import { IconBluetooth } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { useNow, useSession, useTitle } from "../../app/hooks.ts";
import { Empty, Failed, Loading, Page } from "../../app/pages.tsx";
import { useMe } from "../use-me.ts";
import { DeviceCard } from "./device-card.tsx";
import type { AskWhose, DeviceState } from "./measuring.ts";
import { NoBluetooth } from "./no-bluetooth.tsx";
import { SendingLine } from "./sending-line.tsx";
import { besides, services } from "./services.ts";
import { useMeasured, useMeasuring, useWhyNot } from "./use-measuring.ts";
import { bluetoothOf, refusedText } from "./web-bluetooth.ts";
import { WhoseDialog, type WhoseQuestion } from "./whose-dialog.tsx";

/** The browser as a gateway: a patient measures with their own Bluetooth devices, and the ward has it at once. */
export function MeasurePage() {
  useTitle("Measure");
  const { principal } = useSession();
  const me = useMe();
  const now = useNow();
  const why = useWhyNot();
  const [question, setQuestion] = useState<WhoseQuestion | null>(null);
  const askWhose: AskWhose = useCallback(
    (what) =>
      new Promise((resolve) => {
        const answer = (whose: "mine" | "shared" | null) => {
          setQuestion(null);
          resolve(whose);
        };
        setQuestion({ ...what, answer });
      }),
    [],
  );
  const { measuring, failed } = useMeasuring(principal.id, askWhose);
  const state = useMeasured(measuring);
  const people = (me.data?.patients ?? []).filter(({ mayDecide }) => mayDecide);
  const [chosen, setChosen] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  // Of several nobody is the likely one: what goes into whose record is said before anything is measured.
  const person = people.find(({ patientId }) => patientId === chosen) ?? (people.length === 1 ? people[0] : undefined);
  const of = (device: DeviceState) => people.find(({ patientId }) => patientId === device.patientId);

  async function choose(patientId: string): Promise<void> {
    const whom = people.find((one) => one.patientId === patientId);
    if (!measuring || !whom) return;
    setProblem(null);
    try {
      const filters = services.map((service) => ({ services: [service] }));
      const device = await bluetoothOf(navigator)?.requestDevice({
        filters,
        optionalServices: [...services, ...besides],
      });
      if (device) await measuring.begin(device, whom);
    } catch (error) {
      setProblem(refusedText(error));
    }
  }

  async function connect(device: DeviceState): Promise<void> {
    const handle = measuring?.handleOf(device.browserId);
    const whom = of(device);
    if (handle && whom) return measuring?.begin(handle, whom);
    // The browser does not remember what it allowed: the person chooses it again.
    await choose(device.patientId);
  }

  if (me.isPending || why === undefined) return <Loading />;
  if (me.isError) return <Failed error={me.error} retry={() => me.refetch()} />;
  if (people.length === 0)
    return (
      <Page title="Measure" narrow>
        <Empty title="Measuring is for the patient, and for who decides for them" />
      </Page>
    );
  return (
    <Page title="Measure" narrow>
      {failed !== undefined && (
        <Alert color="red" title="This browser keeps nothing" role="alert" mb="md">
          Nothing can be measured here, because it would be lost with the connection. Leave the private window, or allow
          this site to store data.
        </Alert>
      )}
      {why !== null && <NoBluetooth why={why} />}
      {people.length > 1 && (
        <Select
          label="Who is measured"
          data={people.map(({ patientId, name }) => ({ value: patientId, label: name }))}
          placeholder="Choose"
          value={person?.patientId ?? null}
          onChange={setChosen}
          allowDeselect={false}
          mb="md"
        />
      )}
      <Button
        size="lg"
        fullWidth
        leftSection={<IconBluetooth size={24} />}
        disabled={why !== null || !measuring || !person}
        onClick={() => person && void choose(person.patientId)}
        mb="sm"
      >
        Connect a device
      </Button>
      {problem !== null && (
        <Alert color="orange" variant="light" role="alert" mb="sm">
          {problem}
        </Alert>
      )}
      <p style={{ margin: "0 0 1rem" }}>
        A heart rate strap, oximeter, blood pressure cuff, thermometer, scale or glucose meter with Bluetooth. Switch it
        on, bring it near, and stay on this page while you measure. The ward sees what it measures as soon as it is
        sent; this page raises no alarm.
      </p>
      <SendingLine
        state={state}
        onSend={() => measuring?.send()}
        onDiscard={(deviceId) => void measuring?.discard(deviceId)}
      />
      {state.devices.map((device) => (
        <DeviceCard
          key={device.browserId}
          device={device}
          of={people.length > 1 ? (of(device)?.name ?? null) : null}
          now={now}
          zone={of(device)?.timeZone ?? "UTC"}
          onConnect={() => void connect(device)}
          onEnd={() => measuring?.end(device.browserId)}
          onForget={() => void measuring?.forget(device.browserId)}
          onAnswer={(id, isMine) => measuring?.answer(device.browserId, id, isMine)}
        />
      ))}
      <WhoseDialog question={question} />
    </Page>
  );
}
