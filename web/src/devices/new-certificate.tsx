import { Alert, Button, Group, Modal, Select, Stack, Switch, Textarea } from "@mantine/core";
import type { CertificateBody, DeviceBody } from "@openward/api";
import { IconCertificate, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { save } from "../parts/save.ts";
import { DAYS_OF_CERTIFICATE } from "./overlaps.ts";
import { useNewCertificate } from "./use-credentials.ts";

/** A client certificate: of a key that the device keeps, or with a key that is made here and shown once. */
export function NewCertificate(props: {
  readonly device: DeviceBody;
  readonly zone: string;
  readonly onClose: () => void;
}) {
  const { device, zone, onClose } = props;
  const [csr, setCsr] = useState("");
  const [days, setDays] = useState("90");
  const [endsOthers, setEndsOthers] = useState(false);
  const make = useNewCertificate(device.id);
  const request = csr.trim();
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${make.data ? "New certificate of" : "New certificate for"} ${device.display}`}
      size="lg"
      closeOnClickOutside={make.data === undefined}
    >
      {make.data ? (
        <Shown issued={make.data} zone={zone} onClose={onClose} />
      ) : (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            make.mutate({
              csr: request === "" ? null : request,
              days: Number(days),
              overlapHours: endsOthers ? 24 : null,
            });
          }}
        >
          <Stack gap="sm">
            <Textarea
              label="Signing request of the device"
              description="PEM. The key stays in the device. Left empty: a key is made and shown once."
              placeholder="-----BEGIN CERTIFICATE REQUEST-----"
              value={csr}
              onChange={(e) => setCsr(e.currentTarget.value)}
              autosize
              minRows={3}
              maxRows={8}
              maxLength={20_000}
              styles={{ input: { fontFamily: "ui-monospace, monospace" } }}
              data-autofocus
            />
            <Select
              label="Valid"
              data={DAYS_OF_CERTIFICATE}
              value={days}
              onChange={(value) => setDays(value ?? "90")}
              allowDeselect={false}
            />
            <Switch
              label="End the certificates before after a day"
              checked={endsOthers}
              onChange={(e) => setEndsOthers(e.currentTarget.checked)}
            />
            <Problem error={make.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={make.isPending}>
                Make a certificate
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Shown(props: { readonly issued: CertificateBody; readonly zone: string; readonly onClose: () => void }) {
  const { id, certificate, key, authority, expiresAt } = props.issued;
  const now = useNow();
  return (
    <Stack>
      <Alert
        variant="light"
        icon={<IconCertificate size={20} />}
        title={key === null ? "The certificate" : "The key is shown once"}
      >
        Valid until {formatWhen(expiresAt, now, props.zone)}, for MQTT and HTTP over TLS.
        {key !== null && " Save the key now: it is kept nowhere."}
      </Alert>
      <Group gap="xs">
        {key !== null && <Save name={`${id}.key`} text={key} what="key" />}
        <Save name={`${id}.crt`} text={certificate} what="certificate" />
        <Save name="authority.crt" text={authority} what="authority's certificate" />
      </Group>
      <Textarea
        label="Certificate"
        value={certificate}
        readOnly
        autosize
        maxRows={6}
        styles={{ input: { fontFamily: "ui-monospace, monospace" } }}
      />
      <Group justify="flex-end">
        <Button onClick={props.onClose}>Done</Button>
      </Group>
    </Stack>
  );
}

function Save({ name, text, what }: { readonly name: string; readonly text: string; readonly what: string }) {
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={17} />}
      onClick={() => save(name, "application/x-pem-file", text)}
    >
      Save the {what}
    </Button>
  );
}
